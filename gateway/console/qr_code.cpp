// Runs in: sallyport.
#include "gateway/console/qr_code.h"

#include <qrencode.h>

#include <memory>

#include "base/handle.h"

namespace sallyport {

namespace {

using Code = std::unique_ptr<QRcode, FreeWith<QRcode_free>>;

constexpr int kQuietZone = 4;  // ISO/IEC 18004 section 9.1

bool is_dark(const QRcode& code, int row, int column) {
  if (row < 0 || column < 0 || row >= code.width || column >= code.width) return false;
  return (code.data[row * code.width + column] & 1) != 0;
}

// Light modules are drawn, dark ones are the background: scanners expect light around the code.
const char* block(bool upper_light, bool lower_light) {
  if (upper_light) return lower_light ? "\u2588" : "\u2580";
  return lower_light ? "\u2584" : " ";
}

}  // namespace

Result<std::string> qr_code(const Secret& text, bool color) {
  const std::string_view bytes = text.reveal();
  const Code code{QRcode_encodeData(static_cast<int>(bytes.size()),
                                    reinterpret_cast<const unsigned char*>(bytes.data()), 0, QR_ECLEVEL_M)};
  if (!code) return fail_errno("making a QR code");
  std::string out;
  for (int row = -kQuietZone; row < code->width + kQuietZone; row += 2) {
    out += color ? "\x1b[37;40m" : "";
    for (int column = -kQuietZone; column < code->width + kQuietZone; ++column)
      out += block(!is_dark(*code, row, column), !is_dark(*code, row + 1, column));
    out += color ? "\x1b[0m\n" : "\n";
  }
  return out;
}

}  // namespace sallyport
