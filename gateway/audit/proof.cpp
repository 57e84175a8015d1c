// Runs in: sallyport.
#include "gateway/audit/proof.h"

#include <charconv>

#include "base/encoding.h"
#include "gateway/audit/deleted_segments.h"

namespace sallyport {

namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1\n";
constexpr std::size_t kMostHashes = 64;

struct Wanted {
  std::vector<std::uint64_t> leaves;
  std::vector<std::string> lines;
};

Result<Wanted> find(const std::vector<std::filesystem::path>& files,
                    const std::function<bool(const RecordView&)>& wanted, const TreeHead& head) {
  Wanted found;
  const auto visit = [&](const RecordView& record, const Place&) -> Done {
    if (!wanted(record)) return {};
    if (record.seq > head.size)
      return fail(
          "record {} is not covered by the last signed head yet, of {} records; the gate signs one every "
          "minute",
          record.seq, head.size);
    found.leaves.push_back(record.seq - 1);
    found.lines.emplace_back(record.line);
    return {};
  };
  ASSIGN_OR_RETURN(const auto walk, walk_records(files, visit));
  if (walk.broken) return fail("the journal is broken: {}", walk.broken->message());
  return found;
}

Result<ProofMaker> climb(const std::vector<std::filesystem::path>& files, const Wanted& wanted,
                         const TreeHead& head) {
  ASSIGN_OR_RETURN(const auto start, start_of_journal(files));
  ProofMaker maker{head.size, wanted.leaves};
  if (start) maker.begin_behind(start->tree);
  Sha256 hasher;
  const auto visit = [&](const RecordView& record, const Place&) -> Done {
    maker.add(leaf_hash(digest_from_hex(record.hash), hasher), hasher);
    return {};
  };
  ASSIGN_OR_RETURN(const auto walk, walk_records(files, visit));
  if (walk.head.seq < head.size || maker.root() != head.root)
    return fail("the journal is not the one that was signed: see 'sallyport audit verify'");
  return maker;
}

std::string proof_text(std::uint64_t leaf, const std::vector<Digest>& path, const std::string& note) {
  auto text = fmt::format("{}index {}\n", kFirstLine, leaf);
  for (const auto& node : path) text += to_base64(bytes_of(node)) + "\n";
  return text + "\n" + note;
}

struct Parsed {
  std::uint64_t leaf = 0;
  std::vector<Digest> path;
  std::string_view note;
};

Result<Digest> to_digest(std::string_view text) {
  ASSIGN_OR_RETURN(const auto bytes, from_base64(text));
  Digest digest{};
  if (bytes.size() != digest.size()) return fail("a hash of the proof has not 32 bytes");
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(digest.data()));
  return digest;
}

Result<Parsed> parse_proof(std::string_view text) {
  if (!text.starts_with(kFirstLine)) return fail("it is no proof of version 1");
  text.remove_prefix(kFirstLine.size());
  Parsed parsed;
  for (bool first = true;; first = false) {
    const auto end = text.find('\n');
    if (end == text.npos) return fail("the proof is cut short");
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (first) {
      constexpr std::string_view kIndex = "index ";
      const auto digits = line.substr(std::min(kIndex.size(), line.size()));
      const auto [stop, code] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.leaf);
      if (!line.starts_with(kIndex) || code != std::errc{} || fmt::format("{}", parsed.leaf) != digits)
        return fail("the proof has no index");
      (void)stop;
      continue;
    }
    if (line.empty()) break;
    if (parsed.path.size() == kMostHashes) return fail("the proof is too long");
    ASSIGN_OR_RETURN(parsed.path.emplace_back(), to_digest(line));
  }
  parsed.note = text;
  return parsed;
}

// The record that one line proves.
Result<Record> check_line(std::string_view line, const HeadVerifier& verifier, TreeHead& head) {
  const auto object = parse_json(line);
  if (!object.is_object() || object.size() != 2 || !object.contains("record") || !object.contains("proof") ||
      !object["record"].is_string() || !object["proof"].is_string())
    return fail("it is not an object of a record and a proof");
  if (json_text(object) != line) return fail("it is not written the way a proof is written");
  ASSIGN_OR_RETURN(auto record, parse_line(object["record"].get_ref<const std::string&>()));
  const auto& text = object["proof"].get_ref<const std::string&>();
  ASSIGN_OR_RETURN(const auto proof, parse_proof(text));
  if (proof.leaf + 1 != record.seq)
    return fail("the proof is one of record {}, not of {}", proof.leaf + 1, record.seq);
  ASSIGN_OR_RETURN(head, verifier.open(proof.note));
  Sha256 hasher;
  const auto root = root_of_inclusion(leaf_hash(digest_from_hex(record.hash), hasher), proof.leaf, head.size,
                                      proof.path, hasher);
  if (!root || *root != head.root) return fail("record {} is not in the journal that was signed", record.seq);
  return record;
}

}  // namespace

Result<std::string> make_proofs(const std::vector<std::filesystem::path>& files,
                                const std::function<bool(const RecordView&)>& wanted, const TreeHead& head,
                                const std::string& note) {
  ASSIGN_OR_RETURN(const auto found, find(files, wanted, head));
  ASSIGN_OR_RETURN(const auto maker, climb(files, found, head));
  Sha256 hasher;
  std::string text;
  for (std::size_t i = 0; i < found.leaves.size(); ++i) {
    const auto proof = proof_text(found.leaves[i], maker.inclusion(found.leaves[i], hasher), note);
    text += json_text({{"record", found.lines[i]}, {"proof", proof}}) + "\n";
  }
  return text;
}

Result<Proven> check_proofs(std::string_view text, const HeadVerifier& verifier) {
  Proven proven;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    if (end == text.npos) return fail("line {} is cut short", number);
    auto record = check_line(text.substr(0, end), verifier, proven.head);
    if (!record) return tl::unexpected{record.error().within(fmt::format("line {}", number))};
    proven.records.push_back(*std::move(record));
    text.remove_prefix(end + 1);
  }
  if (proven.records.empty()) return fail("it proves nothing: it is empty");
  return proven;
}

}  // namespace sallyport
