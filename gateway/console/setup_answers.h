// Answers: what `sallyport setup` has to know, of a file, of flags, or of a person. Runs in: sallyport.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policies/catalogue.h"

namespace sallyport {

enum class Topic : std::uint8_t {
  gate_name,
  gate_addresses,
  gate_ssh_port,
  gate_https_port,
  policy,
  target_name,
  target_addresses,
  target_port,
  target_user,
  target_login,
  target_secret_file,
  target_expect,
  target_https_port,
  rep_name,
  rep_full_name,
  rep_contact,
  rep_account,
  rep_key,
};
inline constexpr std::size_t kTopics = 18;

enum class Form : std::uint8_t { text, list, port };

struct Question {
  Topic topic;
  const char* flag;
  const char *table, *key;  // where the answer stands in a file; the table "" is the file itself
  Form form;
  const char* about;                // what a person is asked, and what --help says
  const char* usual;                // what no answer means; empty: nothing
  Done (*check)(std::string_view);  // of one value
};
std::span<const Question> questions();  // one a topic, in their order
const Question& question(Topic topic);

class Answers {
 public:
  using Texts = std::array<std::string, kTopics>;
  Answers() = default;
  explicit Answers(Texts texts) : texts_(std::move(texts)) {}
  // A file of root's, as configuration is. All its problems in one go.
  static tl::expected<Answers, Problems> read(const std::filesystem::path& file);

  // As a person or a flag gives it: a list has commas.
  Done set(Topic topic, std::string_view text);
  bool has(Topic topic) const { return !text(topic).empty(); }
  const std::string& text(Topic topic) const { return texts_[static_cast<std::size_t>(topic)]; }
  std::vector<std::string> list(Topic topic) const;
  std::uint16_t port(Topic topic) const;  // 0: no answer
  // Those of `stronger` count where both have one.
  void override_with(const Answers& stronger);

 private:
  Texts texts_;
};

}  // namespace sallyport
