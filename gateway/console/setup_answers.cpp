// Runs in: sallyport.
#include "gateway/console/setup_answers.h"

#include "base/endpoint.h"
#include "base/escape.h"
#include "base/file.h"
#include "policies/file_formats.h"

namespace sallyport {

namespace {

constexpr std::size_t kLongest = 1024, kMostInList = 16;

Done anything(std::string_view) { return {}; }

Done expect_that(bool is_so, std::string_view text, const char* expected) {
  if (is_so) return {};
  return fail("\"{}\" cannot be used (expected {})", escape_terminal(text), expected);
}

Done host_name(std::string_view text) {
  return expect_that(is_host_name(text), text, "a host name, e.g. gate.example.com");
}
Done host_address(std::string_view text) {
  const auto address = Address::parse(text);
  return expect_that(address && is_host_address(*address), text, "an IP address, e.g. 198.51.100.10");
}
Done port(std::string_view text) {
  return expect_that(parse_port(text).has_value(), text, "a port, 1 to 65535");
}
Done name(std::string_view text) {
  return expect_that(is_name(text), text, "a-z, 0-9, '.', '_', '-', at most 32");
}
Done account(std::string_view text) { return expect_that(is_account(text), text, "an account's name"); }
Done login(std::string_view text) {
  return expect_that(text == "prompt" || text == "key" || text == "password", text,
                     "prompt, key or password");
}
Done expectation(std::string_view text) {
  return expect_that(text.starts_with("SHA256:") || text.starts_with("sha256//"), text,
                     "a host key's fingerprint, SHA256:…, or a certificate's pin, sha256//…");
}

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

constexpr std::array<Question, kTopics> kQuestions{{
    {Topic::gate_name, "--name", "gate", "name", Form::text, "how representatives know the gate, a host name",
     "", host_name},
    {Topic::gate_addresses, "--address", "gate", "addresses", Form::list,
     "where it listens: addresses of this host, or an interface for all of its addresses", "", anything},
    {Topic::gate_ssh_port, "--ssh-port", "gate", "ssh_port", Form::port, "its SSH port", "22", port},
    {Topic::gate_https_port, "--https-port", "gate", "https_port", Form::port,
     "its HTTPS port; without one it has no HTTPS door", "", port},
    {Topic::policy, "--policy", "", "policy", Form::text, "the policy that sessions will be enabled with",
     "hmc-ssh", name},
    {Topic::target_name, "--target", "target", "name", Form::text, "how the HMC is called here", "hmc1",
     name},
    {Topic::target_addresses, "--target-address", "target", "addresses", Form::list,
     "the HMC's addresses, tried in order", "", host_address},
    {Topic::target_port, "--target-port", "target", "port", Form::port, "the HMC's SSH port", "22", port},
    {Topic::target_user, "--target-user", "target", "user", Form::text, "whom to log in as at the HMC",
     "hscroot", account},
    {Topic::target_login, "--target-login", "target", "login", Form::text,
     "how: prompt (the representative answers the HMC's own prompts), or key or password, stored at the gate",
     "prompt", login},
    {Topic::target_secret_file, "--target-secret-file", "target", "secret_file", Form::text,
     "the file that has the private key or the password", "", anything},
    {Topic::target_expect, "--expect", "target", "expect", Form::list,
     "fingerprints of the HMC's host keys, and the pin of its certificate, if they are known; else they are "
     "shown",
     "", expectation},
    {Topic::target_https_port, "--target-https-port", "target", "https_port", Form::port,
     "the port of the HMC's web interface; without one it is not offered", "", port},
    {Topic::rep_name, "--rep", "rep", "name", Form::text, "what the representative logs in as", "", name},
    {Topic::rep_full_name, "--full-name", "rep", "full_name", Form::text, "the representative's full name",
     "", anything},
    {Topic::rep_contact, "--contact", "rep", "contact", Form::text, "telephone or mail", "", anything},
    {Topic::rep_account, "--account", "rep", "account", Form::text,
     "the account whose password is asked, if it is not called as the representative is", "", account},
    {Topic::rep_key, "--rep-key", "rep", "key", Form::text,
     "the file of a public key that signs challenges; without one a secret is made and shown once", "",
     anything},
}};

constexpr bool in_their_order() {
  for (std::size_t i = 0; i < kTopics; ++i)
    if (kQuestions[i].topic != static_cast<Topic>(i)) return false;
  return true;
}
static_assert(in_their_order());

std::string checked(TableReader& table, const Question& question, std::uint32_t line,
                    const std::string& text) {
  if (text.empty()) return {};
  if (const auto done = question.check(text); !done)
    table.problem(line, fmt::format("'{}': {}", question.key, done.error().message()));
  return text;
}

std::string joined(TableReader& table, const Question& question) {
  std::string text;
  for (const auto& [line, one] : table.texts(question.key, kMostInList))
    text += (text.empty() ? "" : ",") + checked(table, question, line, one);
  return text;
}

std::string text_in(TableReader& table, const Question& question) {
  switch (question.form) {
    case Form::text:
      return checked(table, question, table.line_of(question.key), table.text(question.key, "", kLongest));
    case Form::port: {
      const auto number = table.number(question.key, 0, 1, 65535);
      return number == 0 ? std::string{} : std::to_string(number);
    }
    case Form::list:
      return joined(table, question);
  }
  return {};
}

void read_answers(TableReader& table, std::string_view name, Answers::Texts& texts) {
  for (std::size_t i = 0; i < kTopics; ++i)
    if (name == kQuestions[i].table) texts[i] = text_in(table, kQuestions[i]);
}

}  // namespace

std::span<const Question> questions() { return kQuestions; }

const Question& question(Topic topic) { return kQuestions[static_cast<std::size_t>(topic)]; }

tl::expected<Answers, Problems> Answers::read(const std::filesystem::path& file) {
  Answers::Texts texts;
  Problems problems;
  const auto bytes = read_trusted_file(file, Trust::owned_by_root);
  if (!bytes) return tl::unexpected{Problems{{file, 0, bytes.error().message()}}};
  const auto tree = parse_toml(*bytes);
  if (!tree) return tl::unexpected{Problems{{file, tree.error().line, tree.error().text}}};
  TableReader reader{*tree, 0, "", file, problems};
  read_answers(reader, "", texts);
  for (const char* const name : {"gate", "target", "rep"}) {
    auto table = reader.table(name);
    read_answers(table, name, texts);
    table.finish();
  }
  reader.finish();
  if (!problems.empty()) return tl::unexpected{std::move(problems)};
  return Answers{std::move(texts)};
}

Done Answers::set(Topic topic, std::string_view text) {
  const auto& asked = question(topic);
  const auto values = asked.form == Form::list ? parts_of(text) : std::vector{std::string{text}};
  for (const auto& value : values)
    if (!value.empty()) RETURN_IF_ERROR(asked.check(value));
  texts_[static_cast<std::size_t>(topic)] = text;
  return {};
}

std::vector<std::string> Answers::list(Topic topic) const { return parts_of(text(topic)); }

std::uint16_t Answers::port(Topic topic) const { return parse_port(text(topic)).value_or(0); }

void Answers::override_with(const Answers& stronger) {
  for (std::size_t i = 0; i < kTopics; ++i)
    if (!stronger.texts_[i].empty()) texts_[i] = stronger.texts_[i];
}

}  // namespace sallyport
