// What a field says beside its main value: media types and file names. For the record only: nothing is
// decided for the target by it. Pure; runs in: sallyport-https.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sallyport::http {

// "multipart/form-data" of "Multipart/Form-Data; boundary=x".
std::string media_type(std::string_view content_type);

// The first parameter of this name, without its quotes (RFC 9110, section 5.6.6); nothing where the field is
// not well-formed up to there.
std::optional<std::string> parameter(std::string_view field, std::string_view name);

// Of a Content-Disposition (RFC 6266, section 4.3): filename* (RFC 8187) before filename.
std::optional<std::string> file_name(std::string_view disposition);

}  // namespace sallyport::http
