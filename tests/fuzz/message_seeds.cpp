// message_seeds FOLDER: writes the seed corpus of message_fuzz: each message of the four conversations, empty
// and with every field filled. Runs in: a build.
#include <filesystem>
#include <fstream>

#include "auth/helper_message.h"
#include "gateway/wire/codec.h"
#include "gateway/wire/message.h"

namespace {

using namespace sallyport;

// A visitor that fills what the codec's two visitors write and read.
class Filler {
 public:
  void u32(std::uint32_t& value) { value = 22; }
  void u64(std::uint64_t& value) { value = 1u << 20u; }
  void i64(std::int64_t& value) { value = -1; }
  void boolean(bool& value) { value = true; }
  void text(std::string& value, std::size_t limit) { value = words(limit); }
  void secret(Secret& value, std::size_t limit) { value = Secret{words(limit)}; }
  template <class E>
  void enumeration(E& value, E last) {
    value = last;
  }
  void texts(std::vector<std::string>& values, std::size_t, std::size_t limit) {
    values = {words(limit), words(limit)};
  }
  void secrets(std::vector<Secret>& values, std::size_t, std::size_t limit) {
    values.clear();
    values.emplace_back(words(limit));
  }

 private:
  static std::string words(std::size_t limit) { return std::string{"some words"}.substr(0, limit); }
};

std::string bytes_of(const Ask& ask) { return std::string{encode(Incarnation{0}, ask).reveal()}; }
std::string bytes_of(const Answer& answer) { return std::string{encode(Incarnation{0}, answer).reveal()}; }
std::string bytes_of(const HelperAsk& ask) { return std::string{encode(ask).reveal()}; }
std::string bytes_of(const HelperAnswer& answer) { return std::string{encode(answer).reveal()}; }

template <class Message>
void write_all(const std::filesystem::path& folder, const std::string& name) {
  for (std::size_t index = 0; index < std::variant_size_v<Message>; ++index) {
    auto message = make_alternative<Message>(index);
    const auto path = folder / (name + "-" + std::to_string(index));
    std::ofstream{path, std::ios::binary} << bytes_of(message);
    Filler filler;
    std::visit([&](auto& body) { body.visit(filler); }, message);
    std::ofstream{path.string() + "-filled", std::ios::binary} << bytes_of(message);
  }
}

}  // namespace

int main(int count, char** values) {
  if (count != 2) return 2;
  const std::filesystem::path folder{values[1]};
  std::filesystem::create_directories(folder);
  write_all<Ask>(folder, "ask");
  write_all<Answer>(folder, "answer");
  write_all<HelperAsk>(folder, "helper-ask");
  write_all<HelperAnswer>(folder, "helper-answer");
  return 0;
}
