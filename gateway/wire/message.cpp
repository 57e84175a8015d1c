// Runs in: sallyportd, the workers.
#include "gateway/wire/message.h"

#include "gateway/wire/codec.h"

namespace sallyport {

namespace {

template <class Variant>
Secret encode_message(Incarnation incarnation, const Variant& message) {
  FieldWriter writer;
  writer.out().u64(incarnation);
  write_variant(writer, message);
  return Secret::taking(std::move(writer.out()).take());
}

template <class Variant>
Result<Variant> decode_message(Incarnation incarnation, std::string_view bytes) {
  FieldReader reader{bytes};
  const auto sender = reader.in().u64();
  ASSIGN_OR_RETURN(const auto type, read_type<Variant>(reader));
  if (sender != incarnation) return fail("message of another incarnation");
  return read_fields<Variant>(reader, type);
}

}  // namespace

Secret encode(Incarnation incarnation, const Ask& ask) { return encode_message(incarnation, ask); }
Secret encode(Incarnation incarnation, const Answer& answer) { return encode_message(incarnation, answer); }
Result<Ask> decode_ask(Incarnation incarnation, std::string_view bytes) {
  return decode_message<Ask>(incarnation, bytes);
}
Result<Answer> decode_answer(Incarnation incarnation, std::string_view bytes) {
  return decode_message<Answer>(incarnation, bytes);
}

}  // namespace sallyport
