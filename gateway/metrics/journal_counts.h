// JournalCounts: what the journal says in numbers; a fold over its records, whose memory grows with what is
// live alone. Pure; runs in: sallyport-metrics.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>

#include "gateway/audit/record.h"
#include "gateway/metrics/tally.h"

namespace sallyport {

class JournalCounts {
 public:
  JournalCounts();

  // The next record. One that is not behind the last one means that the journal was rewritten or restored:
  // everything is counted anew from there.
  void see(const Record& record);
  // A break, or a record that is gone: told until the program starts again.
  void see_break() { broken_ = true; }

  std::uint64_t records() const noexcept { return last_seq_; }
  void write(Exposition& out) const;

 private:
  void begin_anew(const Record& record);
  void carry(const nlohmann::json& live);
  void follow_grant(const std::string& verb, const std::string& grant, const std::string& session);
  void end_session(const nlohmann::json& fields);
  void count_file(const nlohmann::json& fields);
  void write_live(Exposition& out) const;
  void write_journal(Exposition& out) const;

  Tally logins_, grants_, ends_, bytes_, network_bytes_, files_, file_bytes_, refused_files_, channels_,
      firewall_, alarms_, recordings_, recording_bytes_, starts_;
  std::map<std::string, std::string> live_;  // grants that can still be used, and their states
  std::set<std::string> sessions_;           // that have begun and not ended
  std::uint64_t last_seq_ = 0;
  WallTime since_, last_time_;
  bool broken_ = false;
};

// What a reason of session.ended (docs/JOURNAL.md) comes under: "rep_left", ..., "other".
std::string_view reason_class(std::string_view reason);

}  // namespace sallyport
