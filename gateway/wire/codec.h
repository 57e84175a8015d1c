// The codec of closed variants: a type byte, then the fields in the order of the struct's visit(), each with
// its limit. One visit() serves both directions, so what is written and what is read cannot drift apart. Runs
// in: sallyportd, sallyport-auth, the workers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

// The two visitors mirror each other: what one writes, the other reads with the same limits.
class FieldWriter {
 public:
  void u32(std::uint32_t value) { out_.u32(value); }
  void u64(std::uint64_t value) { out_.u64(value); }
  void i64(std::int64_t value) { out_.u64(static_cast<std::uint64_t>(value)); }
  void boolean(bool value) { out_.boolean(value); }
  void text(const std::string& value, std::size_t limit) { bounded(value, limit); }
  void secret(const Secret& value, std::size_t limit) { bounded(value.reveal(), limit); }
  template <class E>
  void enumeration(E value, E) {
    out_.u8(static_cast<std::uint8_t>(value));
  }
  void texts(const std::vector<std::string>& values, std::size_t count, std::size_t limit) {
    counted(values.size(), count);
    for (const auto& value : values) text(value, limit);
  }
  void secrets(const std::vector<Secret>& values, std::size_t count, std::size_t limit) {
    counted(values.size(), count);
    for (const auto& value : values) secret(value, limit);
  }
  ByteWriter& out() { return out_; }

 private:
  // Who fills a message has cut it to size; a longer field here is our own fault.
  void bounded(std::string_view value, std::size_t limit) {
    our_bug(value.size() > limit, "message field beyond its limit");
    out_.text(value);
  }
  void counted(std::size_t size, std::size_t limit) {
    our_bug(size > limit, "message list beyond its limit");
    out_.u32(static_cast<std::uint32_t>(size));
  }
  ByteWriter out_;
};

class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : in_(bytes) {}
  void u32(std::uint32_t& value) { value = in_.u32(); }
  void u64(std::uint64_t& value) { value = in_.u64(); }
  void i64(std::int64_t& value) { value = static_cast<std::int64_t>(in_.u64()); }
  void boolean(bool& value) { value = in_.boolean(); }
  void text(std::string& value, std::size_t limit) { value = in_.text(limit); }
  void secret(Secret& value, std::size_t limit) { value = Secret::taking(in_.text(limit)); }
  template <class E>
  void enumeration(E& value, E last) {
    const auto number = in_.u8();
    if (number > static_cast<std::uint8_t>(last))
      bad_value_ = true;
    else
      value = static_cast<E>(number);
  }
  void texts(std::vector<std::string>& values, std::size_t count, std::size_t limit) {
    values.resize(in_.count(count));
    for (auto& value : values) text(value, limit);
  }
  void secrets(std::vector<Secret>& values, std::size_t count, std::size_t limit) {
    values.resize(in_.count(count));
    for (auto& value : values) secret(value, limit);
  }
  Done finish() const {
    if (bad_value_) return fail("message has an enumerator out of range");
    return in_.finish();
  }
  ByteReader& in() { return in_; }

 private:
  ByteReader in_;
  bool bad_value_ = false;
};

// The type byte and the fields of `message`.
template <class Variant>
void write_variant(FieldWriter& writer, const Variant& message) {
  writer.out().u8(static_cast<std::uint8_t>(message.index()));
  // visit() is one function for both directions, so it takes the fields as mutable; the writer changes none.
  std::visit([&](const auto& body) { const_cast<std::remove_cvref_t<decltype(body)>&>(body).visit(writer); },
             message);
}

// The type byte; whatever else stood in front of it has been read by then.
template <class Variant>
Result<std::size_t> read_type(FieldReader& reader) {
  const std::size_t index = reader.in().u8();
  if (reader.in().failed() || index >= std::variant_size_v<Variant>) return fail("message of unknown type");
  return index;
}

template <class Variant, std::size_t Index = 0>
Variant make_alternative(std::size_t index) {
  if constexpr (Index + 1 < std::variant_size_v<Variant>)
    if (index != Index) return make_alternative<Variant, Index + 1>(index);
  return Variant{std::in_place_index<Index>};
}

// The fields of the alternative `index`, and nothing after them.
template <class Variant>
Result<Variant> read_fields(FieldReader& reader, std::size_t index) {
  auto message = make_alternative<Variant>(index);
  std::visit([&](auto& body) { body.visit(reader); }, message);
  RETURN_IF_ERROR(reader.finish());
  return message;
}

}  // namespace sallyport
