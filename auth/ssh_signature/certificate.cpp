// Runs in: sallyport-auth.
#include "auth/ssh_signature/certificate.h"

#include <algorithm>

#include "auth/ssh_signature/key_check.h"

namespace sallyport {

namespace {

constexpr std::uint32_t kUserCertificate = 1;
constexpr std::size_t kLongestNonce = 256, kLongestId = 1024, kLongestList = 8 * 1024, kLongestName = 256,
                      kMostPrincipals = 256, kMostSources = 64;

// A list whose items stand one behind the other in one string.
Result<std::vector<std::string>> read_principals(const std::string& list) {
  std::vector<std::string> principals;
  ByteReader reader{list};
  while (!reader.finish()) {
    principals.push_back(reader.text(kLongestName));
    if (reader.failed() || principals.size() > kMostPrincipals)
      return fail("the certificate's principals are cut short or too many");
  }
  return principals;
}

// addr_match_cidr_list() of OpenSSH: networks with commas between.
Result<std::vector<Network>> read_sources(std::string_view list) {
  std::vector<Network> networks;
  for (;;) {
    const auto comma = list.find(',');
    const auto network = Network::parse(list.substr(0, comma));
    if (!network || networks.size() == kMostSources)
      return fail("the certificate's source-address is no list of networks");
    networks.push_back(*network);
    if (comma == std::string_view::npos) return networks;
    list.remove_prefix(comma + 1);
  }
}

// The data of an option that has a value: one string.
Result<std::string> value_of(const std::string& data) {
  ByteReader reader{data};
  auto value = reader.text(kLongestList);
  RETURN_IF_ERROR(reader.finish());
  return value;
}

Done honour(Certificate& certificate, const std::string& name, const std::string& data) {
  if (name == "verify-required") {
    if (!data.empty()) return fail("the certificate's option verify-required has a value");
    certificate.verify_required = true;
    return {};
  }
  if (name == "source-address") {
    ASSIGN_OR_RETURN(const auto list, value_of(data));
    ASSIGN_OR_RETURN(certificate.sources, read_sources(list));
    return {};
  }
  return fail("the certificate has the critical option '{}', which this gate does not honour", name);
}

// PROTOCOL.certkeys: sorted by name, each name once.
template <class Each>
Done read_options(const std::string& list, const Each& each) {
  ByteReader reader{list};
  std::string last;
  while (!reader.finish()) {
    const auto name = reader.text(kLongestName), data = reader.text(kLongestList);
    if (reader.failed()) return fail("the certificate's options are cut short");
    if (name <= last) return fail("the certificate's options are out of order");
    RETURN_IF_ERROR(each(name, data));
    last = name;
  }
  return {};
}

Done read_conditions(Certificate& certificate, ByteReader& reader) {
  certificate.serial = reader.u64();
  certificate.type = reader.u32();
  certificate.id = reader.text(kLongestId);
  const auto principals = reader.text(kLongestList);
  certificate.valid_after = reader.u64();
  certificate.valid_before = reader.u64();
  const auto critical = reader.text(kLongestList), extensions = reader.text(kLongestList);
  const auto reserved = reader.text(kLongestList);
  if (reader.failed()) return fail("the certificate is cut short");
  if (!reserved.empty()) return fail("the certificate has something in its reserved field");
  ASSIGN_OR_RETURN(certificate.principals, read_principals(principals));
  RETURN_IF_ERROR(read_options(
      critical, [&](const auto& name, const auto& data) { return honour(certificate, name, data); }));
  return read_options(extensions, [](const auto&, const auto&) { return Done{}; });
}

}  // namespace

Result<Certificate> Certificate::parse(std::string_view blob) {
  if (blob.size() > kLongestKeyBlob) return fail("a certificate is longer than {} bytes", kLongestKeyBlob);
  ByteReader reader{blob};
  Certificate certificate;
  const auto type = reader.text(kLongestName);
  reader.text(kLongestNonce);
  if (reader.failed()) return fail("the certificate is cut short");
  ASSIGN_OR_RETURN(const auto kind, certified_kind_of(type));
  ASSIGN_OR_RETURN(certificate.key, PublicKey::read_fields(kind, reader));
  RETURN_IF_ERROR(read_conditions(certificate, reader));
  const auto authority = reader.text(kLongestKeyBlob);
  certificate.signature_ = reader.text(kLongestKeyBlob);
  if (!reader.finish()) return fail("the certificate is cut short or has bytes too many");
  // A certificate as the authority would be a chain, which OpenSSH does not have either: no such key type.
  ASSIGN_OR_RETURN(certificate.authority, PublicKey::parse(authority));
  certificate.signed_part_ = blob.substr(0, blob.size() - 4 - certificate.signature_.size());
  return certificate;
}

Done Certificate::check_signature() const {
  const auto use = check_key_signature(authority, signature_, signed_part_);
  if (!use) return tl::unexpected{use.error().within("the certificate's signature")};
  return {};
}

Done check_use(const Certificate& certificate, const CertificateUse& use) {
  if (certificate.type != kUserCertificate) return fail("the certificate is not a user's");
  const auto& principals = certificate.principals;
  // OpenSSH once took no principals for everybody. A name that is empty is not ours either.
  if (std::none_of(use.names.begin(), use.names.end(), [&](const auto& name) {
        return !name.empty() && std::find(principals.begin(), principals.end(), name) != principals.end();
      }))
    return fail("the certificate does not name the rep among its principals");
  const auto now = static_cast<std::uint64_t>(use.now.time_since_epoch().count());
  if (now < certificate.valid_after) return fail("the certificate is not valid yet");
  if (now >= certificate.valid_before) return fail("the certificate has expired");
  if (!certificate.sources) return {};
  for (const auto& network : *certificate.sources)
    if (network.contains(use.source)) return {};
  return fail("the certificate may not be used from {}", use.source.text());
}

}  // namespace sallyport
