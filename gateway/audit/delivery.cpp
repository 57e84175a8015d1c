// Runs in: sallyport-send, sallyport.
#include "gateway/audit/delivery.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/unique_fd.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kLargest = 64 * 1024;

std::string text_in(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

bool is_hash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

Result<std::string> read_small(int fd, const fs::path& file) {
  std::string text(kLargest, '\0');
  const auto got = ::pread(fd, text.data(), text.size(), 0);
  if (got < 0) return fail_errno("reading {}", file.string());
  text.resize(static_cast<std::size_t>(got));
  return text;
}

}  // namespace

fs::path send_folder(const fs::path& state) { return fs::path{state.string() + "-send"}; }

fs::path delivery_file(const fs::path& folder, const std::string& destination) {
  return folder / (destination + ".json");
}

Result<std::optional<Delivery>> load_delivery(const fs::path& file) {
  const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) return fail_errno("opening {}", file.string());
  ASSIGN_OR_RETURN(const auto text, read_small(fd.get(), file));
  const auto object = parse_json(text);
  if (!object.is_object()) return fail("{} is not what sallyport-send writes", file.string());
  Delivery delivery{{}, text_in(object, "problem"), text_in(object, "since")};
  if (!object.contains("seq") && !delivery.problem.empty()) return delivery;
  const auto hash = text_in(object, "hash");
  if (!object.contains("seq") || !object["seq"].is_number_unsigned() || !is_hash(hash))
    return fail("{} holds no position", file.string());
  delivery.position = {object["seq"].get<std::uint64_t>(), hash};
  return delivery;
}

Done store_delivery(const fs::path& file, const Delivery& delivery) {
  json object = json::object();
  if (delivery.position) object = {{"seq", delivery.position->seq}, {"hash", delivery.position->hash}};
  if (!delivery.problem.empty()) {
    object["problem"] = delivery.problem;
    object["since"] = delivery.since;
  }
  return replace_file(file, json_text(object) + "\n", 0644);
}

}  // namespace sallyport
