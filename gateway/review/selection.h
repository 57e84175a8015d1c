// Selection: which records of a journal a command is about. Pure. Runs in: sallyport.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "gateway/audit/record.h"

namespace sallyport {

struct Selection {
  std::optional<WallTime> since, until;
  std::string session, grant;  // empty: any
  std::string event;           // "grant.claimed", or a family: "grant"; empty: any
  bool holds(const Record& record) const;
};

// "2h" before `now`, a day "2026-03-01", or a time in RFC 3339, all in UTC.
Result<WallTime> parse_since(std::string_view text, WallTime now);
// The same as the end of a time: a day is the whole of it.
Result<WallTime> parse_until(std::string_view text, WallTime now);

// The story of one grant or session: the records that name it, and for a session also those of its grant that
// belong to no other session. A grant's name is only known once a record links the two, so `learn` sees every
// record first.
class Story {
 public:
  explicit Story(std::string name) : name_(std::move(name)) {}
  void learn(const Record& record);
  bool holds(const Record& record) const;
  // False when a record of this line cannot be held: cheaper than taking it apart.
  bool may_hold(std::string_view line) const;
  bool found() const noexcept { return found_; }

 private:
  std::string name_;
  bool found_ = false;
  bool is_session_ = false;
  std::set<std::string> grants_, sessions_;
};

// A text member of the record's fields; empty when there is none.
std::string text_field(const Record& record, const char* key);
// The whole record as it stands in the journal.
nlohmann::json to_json(const Record& record);
// One line for people: "rep=ann target=hmc-a reason=…", what matters most first, escaped for the terminal.
std::string describe(const Record& record);

}  // namespace sallyport
