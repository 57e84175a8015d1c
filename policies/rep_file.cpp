// reps/NAME.toml, reading and writing. Runs in: sallyportd, sallyport.
#include "auth/ocra_suite.h"
#include "policies/file_formats.h"

namespace sallyport {

namespace {

void read_response(TableReader response, Rep& rep) {
  rep.method = response.choice("method", ResponseMethod::ocra,
                               {{"ocra", ResponseMethod::ocra},
                                {"ssh-signature", ResponseMethod::ssh_signature},
                                {"webauthn", ResponseMethod::webauthn}});
  rep.webauthn = response.boolean("webauthn", false) || rep.method == ResponseMethod::webauthn;
  rep.suite = response.text("suite", kDefaultOcraSuite, 64);
  if (auto suite = OcraSuite::parse(rep.suite); !suite)
    response.problem(response.line_of("suite"),
                     fmt::format("'suite' in [response]: {}", suite.error().message()));
  rep.mutual = response.boolean("mutual", false);
  response.finish();
}

}  // namespace

Rep read_rep(TableReader file, const std::string& name, const std::filesystem::path& folder) {
  Rep rep;
  rep.name = name;
  rep.secret_file = folder / "secrets" / "reps" / name;
  rep.keys_file = folder / "secrets" / "rep-keys" / name;  // a folder of its own: a name may end in ".keys"
  rep.credentials_file = folder / "secrets" / "rep-webauthn" / name;
  rep.full_name = file.text("full_name", "", 128);
  rep.contact = file.text("contact", "", 256);
  rep.account = file.text("account", name, 64);
  if (!is_account(rep.account))
    file.problem(file.line_of("account"),
                 fmt::format("'account' is \"{}\" (expected the name of an account of PAM)", rep.account));
  read_response(file.table("response"), rep);
  file.finish();
  return rep;
}

std::string to_toml(const Rep& rep) {
  std::string text = "# A service representative; written by sallyport rep add.\n";
  const auto line = [&](const char* key, const std::string& value) {
    text += fmt::format("{} = {}\n", key, to_toml_string(value));
  };
  if (!rep.full_name.empty()) line("full_name", rep.full_name);
  if (!rep.contact.empty()) line("contact", rep.contact);
  if (rep.account != rep.name) line("account", rep.account);
  text += "\n[response]\n";
  line("method", to_text(rep.method));
  if (rep.webauthn && rep.method != ResponseMethod::webauthn) text += "webauthn = true\n";
  if (rep.method != ResponseMethod::ocra) return text;
  line("suite", rep.suite);
  if (rep.mutual) text += "mutual = true\n";
  return text;
}

std::optional<ResponseMethod> method_at(const Rep& rep, Carriage door) {
  if (door == Carriage::https && rep.webauthn) return ResponseMethod::webauthn;
  if (rep.method == ResponseMethod::webauthn) return std::nullopt;
  return rep.method;
}

const std::filesystem::path& enrolled_file(const Rep& rep, ResponseMethod method) {
  switch (method) {
    case ResponseMethod::ocra:
      return rep.secret_file;
    case ResponseMethod::ssh_signature:
      return rep.keys_file;
    case ResponseMethod::webauthn:
      return rep.credentials_file;
  }
  return rep.secret_file;
}

}  // namespace sallyport
