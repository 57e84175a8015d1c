// Runs in: sallyportd, sallyport-auth.
#include "auth/helper_message.h"

#include "gateway/wire/codec.h"

namespace sallyport {

namespace {

template <class Variant>
Secret encode_message(const Variant& message) {
  FieldWriter writer;
  write_variant(writer, message);
  return Secret::taking(std::move(writer.out()).take());
}

template <class Variant>
Result<Variant> decode_message(std::string_view bytes) {
  FieldReader reader{bytes};
  ASSIGN_OR_RETURN(const auto type, read_type<Variant>(reader));
  return read_fields<Variant>(reader, type);
}

}  // namespace

Secret encode(const HelperAsk& ask) { return encode_message(ask); }
Secret encode(const HelperAnswer& answer) { return encode_message(answer); }
Result<HelperAsk> decode_helper_ask(std::string_view bytes) { return decode_message<HelperAsk>(bytes); }
Result<HelperAnswer> decode_helper_answer(std::string_view bytes) {
  return decode_message<HelperAnswer>(bytes);
}

}  // namespace sallyport
