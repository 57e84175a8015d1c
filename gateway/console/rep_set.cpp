// Runs in: sallyport.
#include "gateway/console/rep_set.h"

#include <algorithm>
#include <set>

#include "auth/ssh_signature/key_check.h"
#include "auth/ssh_signature/sshsig.h"
#include "base/encoding.h"
#include "gateway/audit/json.h"
#include "policies/file_formats.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr const char* kFormat = "sallyport-reps-v1";
constexpr std::size_t kLongestText = 256;

Result<std::string> take_text(Json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_string()) return fail("'{}' is missing, or is no text", member);
  auto text = found->get<std::string>();
  if (text.size() > kLongestText) return fail("'{}' is longer than {} bytes", member, kLongestText);
  object.erase(found);
  return text;
}

Result<Json> take_list(Json& object, const char* member, std::size_t most) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_array() || found->size() > most)
    return fail("'{}' is missing, or is no list of at most {}", member, most);
  Json list = std::move(*found);
  object.erase(found);
  return list;
}

Done nothing_left(const Json& object) {
  if (object.empty()) return {};
  return fail("'{}' is not known", object.begin().key());
}

Result<EnrolledKeys> read_keys(const Json& list) {
  std::string lines;
  for (const auto& line : list) {
    if (!line.is_string() || line.get_ref<const std::string&>().find('\n') != std::string::npos)
      return fail("a key is no text of one line");
    lines += line.get<std::string>() + "\n";
  }
  ASSIGN_OR_RETURN(auto keys, EnrolledKeys::parse(lines));
  if (keys.entries.size() != list.size()) return fail("a key is empty or a comment");
  return keys;
}

Result<RepInSet> read_rep(Json object) {
  if (!object.is_object()) return fail("a rep is no object");
  RepInSet rep;
  ASSIGN_OR_RETURN(rep.name, take_text(object, "name"));
  if (!is_name(rep.name)) return fail("a rep's name is not one");
  const auto within = [&](const Error& error) { return tl::unexpected{error.within("rep " + rep.name)}; };
  for (auto [member, into] : {std::pair{"full_name", &rep.full_name}, std::pair{"contact", &rep.contact},
                              std::pair{"account", &rep.account}}) {
    auto text = take_text(object, member);
    if (!text) return within(text.error());
    *into = *std::move(text);
  }
  const auto list = take_list(object, "keys", kMostEnrolledKeys);
  if (!list) return within(list.error());
  auto keys = read_keys(*list);
  if (!keys) return within(keys.error());
  rep.keys = *std::move(keys);
  if (const auto rest = nothing_left(object); !rest) return within(rest.error());
  return rep;
}

// As in a rep's keys file, without its heading.
std::vector<std::string> lines_of(const EnrolledKeys& keys) {
  std::vector<std::string> lines;
  for (const auto& entry : keys.entries)
    lines.push_back(fmt::format("{} {}", to_text(entry.role), entry.public_line()));
  return lines;
}

}  // namespace

std::string RepSet::text() const {
  Json all{{"format", kFormat}, {"gate", gate}, {"time", time}, {"reps", Json::array()}};
  for (const auto& rep : reps)
    all["reps"].push_back({{"name", rep.name},
                           {"full_name", rep.full_name},
                           {"contact", rep.contact},
                           {"account", rep.account},
                           {"keys", lines_of(rep.keys)}});
  return all.dump(2) + "\n";
}

Result<RepSet> RepSet::parse(std::string_view text) {
  Json all = Json::parse(text, nullptr, false);
  if (!all.is_object()) return fail("the set is no JSON object");
  RepSet set;
  ASSIGN_OR_RETURN(const auto format, take_text(all, "format"));
  if (format != kFormat) return fail("'format' is '{}' (expected '{}')", format, kFormat);
  ASSIGN_OR_RETURN(set.gate, take_text(all, "gate"));
  ASSIGN_OR_RETURN(set.time, take_text(all, "time"));
  ASSIGN_OR_RETURN(const auto reps, take_list(all, "reps", kMostRepsInSet));
  RETURN_IF_ERROR(nothing_left(all));
  std::set<std::string> names;
  for (const auto& object : reps) {
    ASSIGN_OR_RETURN(auto rep, read_rep(object));
    if (!names.insert(rep.name).second) return fail("rep {} is there twice", rep.name);
    set.reps.push_back(std::move(rep));
  }
  // One way to write a set: what was signed is what is understood, to the last byte (a member twice, say).
  if (set.text() != text) return fail("the set is not written as rep export writes it");
  return set;
}

Result<SignedRepSet> SignedRepSet::split(std::string_view file) {
  if (file.size() > kLongestRepSet) return fail("the file is longer than {} bytes", kLongestRepSet);
  const auto at = file.find(kArmourBegin);
  if (at == std::string_view::npos) return fail("the file has no signature at its end");
  return SignedRepSet{file.substr(0, at), file.substr(at)};
}

Done SignedRepSet::check(const PublicKey& signer) const {
  ASSIGN_OR_RETURN(const auto sig, SshSig::read(signature, kRepSetNamespace));
  if (sig.key != signer.blob)
    return fail("the set is signed by the key {}, not by {}", fingerprint_of(sig.key), signer.fingerprint());
  if (auto good = check_key_signature(signer, sig.signature, sig.signed_data(text)); !good)
    return tl::unexpected{good.error().within("the set's signature does not hold")};
  return {};
}

}  // namespace sallyport
