// webauthn_seeds FOLDER: writes the seed corpus of webauthn_fuzz: right answers, nearly right ones and their
// parts. Runs in: a build.
#include <filesystem>
#include <fstream>

#include "tests/fuzz/webauthn_case.h"

namespace {

void put(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary} << bytes;
}

}  // namespace

int main(int count, char** values) {
  using namespace sallyport;
  if (count != 2) return 2;
  const std::filesystem::path folder{values[1]};
  std::filesystem::create_directories(folder);
  const WebauthnCase fixed;
  put(folder / "answer", fixed.right);
  Saying saying;
  put(folder / "client-data", Authenticator::client_data(saying));
  put(folder / "authenticator-data", Authenticator::authenticator_data(saying));
  saying.more =
      R"( ,"crossOrigin":false,"tokenBinding":{"status":"supported"},"\u0078\ud83d\ude00":[1,-2.5e+3,null])";
  put(folder / "members", Authenticator::client_data(saying));
  // Another key's: of the enrolled one there is one answer only, and whatever else bears its signature is a
  // find.
  const Authenticator stranger{Signer::fixed('s'), fixed.key.id};
  put(folder / "answer-members", stranger.answer(saying));
  saying.flags = 0xc5;
  saying.tail = std::string(16, 'g') + std::string("\0\x20", 2) + std::string(32, 'i') + "\xa1\x01\x02\xa0";
  put(folder / "answer-attested", stranger.answer(saying));
  const auto line = fixed.key.line();
  put(folder / "credential-line", line);
  put(folder / "credential-file", to_base64(fixed.key.id) + "\n" + fixed.key.signer.pem());
  return 0;
}
