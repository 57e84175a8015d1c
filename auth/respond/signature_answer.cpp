// Runs in: sallyport-respond (as the representative).
#include "auth/respond/signature_answer.h"

#include "auth/respond/check_challenge.h"
#include "auth/respond/known_hosts.h"
#include "auth/respond/signer.h"

namespace sallyport {

namespace {

// Everything that can be judged without the person.
Result<std::optional<Refusal>> judge(const Answering& answering, const ChallengeText& said) {
  const auto& options = answering.options;
  ASSIGN_OR_RETURN(const auto file, known_gates_file());
  ASSIGN_OR_RETURN(const auto known, read_known_gates(file));
  if (standing(known, said.gateway, said.host_key) == Standing::changed)
    return changed_gate(known, said.gateway, said.host_key);
  ASSIGN_OR_RETURN(auto other_host, check_host(options, answering.host, said.host_key));
  if (other_host) return other_host;
  if (auto other = check_expected(options.expected, said)) return other;
  return check_time(said, answering.now(), options.clock_tolerance);
}

// A challenge may be for a real gate and a real grant, and still not be the one that the person is about.
std::optional<Refusal> check_wanted(const Answering& answering) {
  if (answering.options.expected.names_a_use()) return std::nullopt;
  if (!answering.person.is_there())
    return Refusal{"nobody said what to expect, and there is nobody to ask: use --target or --grant"};
  if (!agrees(answering.person, "Sign this?")) return Refusal{"you did not say yes"};
  return std::nullopt;
}

std::string meaning(const ChallengeText& said, const std::filesystem::path& key,
                    std::chrono::sys_seconds now) {
  auto text = fmt::format("{}\n  key       {}", in_lines(said, now), key.string());
  if (const auto remark = clock_remark(said, now); !remark.empty()) text += "\n" + remark;
  return text;
}

}  // namespace

Result<Reply> answer_signature(const Answering& answering, const TextToSign& text) {
  const auto& said = text.said();
  ASSIGN_OR_RETURN(auto refusal, judge(answering, said));
  if (refusal) return *std::move(refusal);
  ASSIGN_OR_RETURN(const auto key, find_key(answering.options.key));
  const auto shown = show_text(answering.person, text, meaning(said, key, answering.now()));
  ASSIGN_OR_RETURN(refusal, check_gate(answering, said.gateway, said.host_key));
  if (refusal) return *std::move(refusal);
  if (auto unwanted = check_wanted(answering)) return *std::move(unwanted);
  ASSIGN_OR_RETURN(const auto base64, sign(shown, key));
  return Answer{cut_in_parts(base64)};
}

std::vector<std::string> cut_in_parts(std::string_view base64) {
  std::vector<std::string> parts;
  for (; !base64.empty(); base64.remove_prefix(parts.back().size()))
    parts.emplace_back(base64.substr(0, kSignaturePartLength));
  return parts;
}

}  // namespace sallyport
