// The one spelling of a record. Runs in: sallyportd, sallyport.
#include "gateway/audit/record.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/sha256.h"

namespace sallyport {

namespace {

using nlohmann::json;

constexpr std::array<const char*, 5> kOwnKeys{"event", "hash", "prev", "seq", "time"};
constexpr std::int64_t kExact = std::int64_t{1} << 53;  // RFC 8259 section 6: beyond it readers disagree

bool is_exact(const json& number) {
  if (number.is_number_float()) return false;
  if (number.is_number_unsigned()) return number.get<std::uint64_t>() < static_cast<std::uint64_t>(kExact);
  const auto value = number.get<std::int64_t>();
  return value > -kExact && value < kExact;
}

// jq 1.6 writes DEL as \u007f and later ones as it is: so that everybody's tool computes the same hash, there
// is none in a journal.
std::string without_del(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\x7f')
      out += "\xe2\x90\xa1";  // U+2421, the symbol for DEL
    else
      out += c;
  }
  return out;
}

json spelled(const json& value) {
  if (value.is_string()) return without_del(value.get_ref<const std::string&>());
  if (value.is_number() && !is_exact(value)) return json_text(value);
  json out = value;
  if (value.is_array()) std::transform(value.begin(), value.end(), out.begin(), spelled);
  if (value.is_object()) {
    out = json::object();
    for (const auto& [key, member] : value.items()) out[without_del(key)] = spelled(member);
  }
  return out;
}

bool all_exact(const json& value) {
  if (value.is_number()) return is_exact(value);
  return !value.is_structured() || std::all_of(value.begin(), value.end(), all_exact);
}

// Before anything recursive sees it: an altered journal must not exhaust the reader's stack.
bool is_too_deep(std::string_view line) {
  std::size_t depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_text && c == '\\') ++i;
    if (c == '"') in_text = !in_text;
    if (in_text) continue;
    if ((c == '{' || c == '[') && ++depth > kDeepest) return true;
    if ((c == '}' || c == ']') && depth > 0) --depth;
  }
  return false;
}

Result<std::string> take_text(json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return fail("it has no text '{}'", key);
  auto text = found->get<std::string>();
  object.erase(found);
  return text;
}

bool is_hash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

Result<Record> take_record(json& object, std::string hash) {
  Record record;
  record.hash = std::move(hash);
  const auto seq = object.find("seq");
  if (seq == object.end() || !seq->is_number_unsigned()) return fail("it has no number 'seq'");
  record.seq = seq->get<std::uint64_t>();
  object.erase(seq);
  ASSIGN_OR_RETURN(const auto time, take_text(object, "time"));
  ASSIGN_OR_RETURN(record.time, from_rfc3339(time));
  ASSIGN_OR_RETURN(record.event, take_text(object, "event"));
  ASSIGN_OR_RETURN(record.prev, take_text(object, "prev"));
  if (!is_hash(record.prev)) return fail("its 'prev' is not a SHA-256");
  record.fields = std::move(object);
  return record;
}

}  // namespace

std::string to_line(std::uint64_t seq, WallTime time, const std::string& prev, const Entry& entry) {
  const bool bare = entry.fields.is_null();  // what Entry{"gateway.stopped", {}} makes
  our_bug(!bare && !entry.fields.is_object(), "the fields of a record are not an object");
  for (const auto* key : kOwnKeys)
    our_bug(entry.fields.contains(key), "a field of a record has a name of the journal's own");
  json object = bare ? json::object() : spelled(entry.fields);
  object["event"] = without_del(entry.event);
  object["prev"] = prev;
  object["seq"] = seq;
  object["time"] = to_rfc3339(time);
  object["hash"] = Sha256::hex_of(json_text(object));
  return json_text(object);
}

Result<Record> parse_line(std::string_view line) {
  if (line.size() >= kLongestLine) return fail("it is longer than {} bytes", kLongestLine);
  if (is_too_deep(line) || line.find('\x7f') != line.npos)
    return fail("it is not written the way a journal writes it");
  auto object = parse_json(line);
  if (!object.is_object()) return fail("it is not a JSON object");
  ASSIGN_OR_RETURN(auto hash, take_text(object, "hash"));
  if (!is_hash(hash)) return fail("its 'hash' is not a SHA-256");
  if (Sha256::hex_of(json_text(object)) != hash)
    return fail("its hash is wrong: it was changed after it was written");
  object["hash"] = hash;
  if (json_text(object) != line) return fail("it is not written the way a journal writes it");
  object.erase("hash");
  if (!all_exact(object)) return fail("it holds a number that a journal does not write");
  return take_record(object, std::move(hash));
}

Result<Record> take_apart(std::string_view checked_line) {
  auto object = parse_json(checked_line);
  if (!object.is_object()) return fail("it is not a JSON object");
  ASSIGN_OR_RETURN(auto hash, take_text(object, "hash"));
  return take_record(object, std::move(hash));
}

}  // namespace sallyport
