// The page of an evidence bundle: one session for a person, in one HTML file that works offline. Made from
// the records and recordings beside it alone, so that whoever checks the bundle can make it again and
// compare. Pure. Runs in: sallyport.
#pragma once

#include <string>
#include <vector>

#include "gateway/audit/record.h"
#include "gateway/review/grant_row.h"

namespace sallyport {

// The page holds at most so much of each recording, and of all together; it says where it stops.
inline constexpr std::size_t kMostOfRecording = 4 << 20, kMostOfRecordings = 16 << 20;

struct ShownRecording {
  std::uint64_t channel = 0, size = 0;
  std::string path, sha256;
  std::string text;  // its first bytes, as asciicast
};

struct SessionStory {
  std::string name;  // of the session or grant that was asked for
  GrantRow row;
  std::vector<Record> records;
  std::uint64_t head_size = 0;
  std::string signer;   // the journal's name
  std::string version;  // of the program
  std::vector<ShownRecording> recordings;
};

// Everything but records and recordings, for programs.
nlohmann::json session_facts(const SessionStory& story);
std::string session_page(const SessionStory& story);
// How pages that this version of the program made say so.
std::string page_mark(const std::string& version);

}  // namespace sallyport
