// MonthReport: what a security team looks through each month. Pure. Runs in: sallyport.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gateway/review/grant_rows.h"

namespace sallyport {

// First and last microsecond of "2026-11", as the journal writes times.
struct Month {
  std::string name, first, last;
  static Result<Month> parse(const std::string& text);
};

// How the records were found when the report was made.
struct RecordsState {
  bool looked = false, whole = false;
  std::uint64_t records = 0, recordings = 0, heads = 0;
  std::vector<std::string> problems;
};

class MonthReport {
 public:
  explicit MonthReport(Month month);

  // Each record of the walk, in order.
  Done see(const RecordView& view);
  void set_state(RecordsState state) { state_ = std::move(state); }

  nlohmann::json json() const;
  std::string html() const;
  // The same for people: facts, then tables. Nothing of it is escaped.
  struct Section {
    std::string title;
    std::vector<std::string> headings;
    std::vector<std::vector<std::string>> rows;
  };
  std::vector<std::pair<std::string, std::string>> facts() const;
  std::vector<Section> sections() const;  // those that have a row

 private:
  struct Alarmed {
    std::string time, who, text;  // who: a grant, a session, or empty
  };
  using Count = std::map<std::string, std::uint64_t>;

  std::vector<const GrantRow*> sessions() const;  // those that began in the month
  std::vector<Alarmed> alarms() const;
  std::string state_text() const;

  Month month_;
  GrantRows rows_;
  RecordsState state_;
  std::uint64_t refused_logins_ = 0, readings_ = 0;
  Count refused_by_source_, refused_by_rep_;
};

}  // namespace sallyport
