// Fields: a message's header or trailer fields, in their order. Pure; runs in: sallyport-https.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/https/http/characters.h"
#include "gateway/https/http/fault.h"

namespace sallyport::http {

struct Field {
  std::string name, value;
  bool operator==(const Field&) const = default;
};

class Fields {
 public:
  void add(std::string_view name, std::string_view value) {
    fields_.push_back({std::string{name}, std::string{value}});
  }
  void add(Field field) { fields_.push_back(std::move(field)); }
  void expect(std::size_t count) { fields_.reserve(count); }
  // The first of that name, or nothing.
  const std::string* find(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  void remove(std::string_view name);
  template <class Predicate>
  void remove_if(Predicate which) {
    std::erase_if(fields_, which);
  }
  // One field of that name, in the place of the first.
  void set(std::string_view name, std::string_view value);

  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }
  auto begin() noexcept { return fields_.begin(); }
  auto end() noexcept { return fields_.end(); }
  std::size_t size() const noexcept { return fields_.size(); }
  bool empty() const noexcept { return fields_.empty(); }
  bool operator==(const Fields&) const = default;

 private:
  std::vector<Field> fields_;
};

// Calls `use` with each member of a comma-separated list, trimmed; empty ones are skipped (RFC 9110, 5.6.1).
template <class Use>
void each_member(std::string_view list, Use use) {
  for (std::size_t from = 0; from <= list.size();) {
    const auto comma = std::min(list.find(',', from), list.size());
    if (const auto member = trimmed(list.substr(from, comma - from)); !member.empty()) use(member);
    from = comma + 1;
  }
}

// `line` without its CRLF. Refuses what two readers could read differently: a folded line, white space around
// the name, a name that is no token.
Parsed<Field> parse_field(std::string_view line);

// "Name: value" and CRLF for each.
void append_fields(std::string& text, const Fields& fields);

}  // namespace sallyport::http
