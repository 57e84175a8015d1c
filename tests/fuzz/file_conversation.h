// Conversations of a file transfer, as bytes: for the fuzzers, their seeds, and the unit tests. One byte says
// who speaks (its highest bit: the target) and how many bytes follow. Runs in: test programs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "gateway/ssh/files/scp_follower.h"
#include "gateway/ssh/files/sftp_follower.h"

namespace sallyport::conversation {

struct Said {
  bool by_target = false;
  std::string bytes;
};
using Conversation = std::vector<Said>;

inline Conversation from_bytes(std::string_view bytes) {
  Conversation conversation;
  while (!bytes.empty()) {
    const auto head = static_cast<std::uint8_t>(bytes.front());
    const auto said = bytes.substr(1, head & 0x7fU);
    conversation.push_back({(head & 0x80U) != 0, std::string{said}});
    bytes.remove_prefix(1 + said.size());
  }
  return conversation;
}

inline std::string to_bytes(const Conversation& conversation) {
  std::string bytes;
  for (const auto& said : conversation) {
    for (std::string_view rest = said.bytes; !rest.empty();) {
      const auto piece = rest.substr(0, 0x7f);
      bytes += static_cast<char>(piece.size() | (said.by_target ? 0x80U : 0U));
      bytes += piece;
      rest.remove_prefix(piece.size());
    }
  }
  return bytes;
}

// All that a follower made of a conversation.
struct Outcome {
  bool good = true;
  std::string files;      // as text
  std::string to_target;  // when it edits
  std::string to_rep;
  bool refused = false;
  bool operator==(const Outcome&) const = default;
};

inline FileReport report_into(Outcome& outcome) {
  return [&outcome](TellFile&& told) {
    our_bug((told.hash == FileHash::known) != (told.sha256.size() == 64), "a hash without a reason, or both");
    outcome.refused |= told.act == FileAct::refused;
    outcome.files +=
        fmt::format("{}|{}|{}|{}|{}|{}|{}|{}\n", static_cast<int>(told.act), told.path, told.other, told.size,
                    static_cast<int>(told.hash), told.sha256, told.complete, told.detail);
  };
}

template <class Follower, class AfterEach>
void feed(Follower& follower, Outcome& outcome, const Said& said, std::size_t piece, AfterEach after_each) {
  for (std::string_view rest = said.bytes; outcome.good && !rest.empty();) {
    const auto next = rest.substr(0, piece);
    rest.remove_prefix(next.size());
    outcome.good = (said.by_target ? follower.from_target(next) : follower.from_rep(next)).has_value();
    after_each();
  }
}

// `piece`: bytes at a time.
inline Outcome follow_sftp(const Conversation& conversation, FilesAllowed allowed, std::size_t piece) {
  Outcome outcome;
  SftpFollower follower{allowed, report_into(outcome)};
  for (const auto& said : conversation)
    feed(follower, outcome, said, piece, [&] {
      outcome.to_target += follower.to_target();
      outcome.to_rep += follower.to_rep();
    });
  follower.finish();
  return outcome;
}

inline Outcome follow_scp(const Conversation& conversation, const std::string& command, std::size_t piece) {
  Outcome outcome;
  ScpFollower follower{transfer_command(ChannelKind::exec, command), report_into(outcome)};
  for (const auto& said : conversation) feed(follower, outcome, said, piece, [] {});
  follower.finish();
  return outcome;
}

// What was let through to the target is let through by a second gate behind the first, byte for byte.
inline void check_passed_twice(const Conversation& conversation, FilesAllowed allowed) {
  Outcome first, second;
  SftpFollower gate{allowed, report_into(first)}, behind{allowed, report_into(second)};
  for (const auto& said : conversation) {
    feed(gate, first, said, std::string::npos, [] {});
    const auto passed = said.by_target ? Said{true, said.bytes} : Said{false, gate.to_target()};
    if (!first.good && said.by_target) return;
    feed(behind, second, passed, std::string::npos, [] {});
    our_bug(!second.good && first.good, "what one gate lets through breaks the next");
    our_bug(!said.by_target && behind.to_target() != passed.bytes,
            "what one gate lets through the next does not");
  }
  our_bug(second.refused, "what one gate lets through the next refuses");
}

// The properties that hold for any bytes.
inline void check_sftp(const Conversation& conversation, FilesAllowed allowed) {
  const auto whole = follow_sftp(conversation, allowed, std::string::npos);
  our_bug(whole != follow_sftp(conversation, allowed, 1), "it depends on how the bytes are cut");
  our_bug(whole != follow_sftp(conversation, allowed, 5), "it depends on how the bytes are cut");
  if (allowed == FilesAllowed::both)
    our_bug(!whole.to_target.empty() || !whole.to_rep.empty() || whole.refused, "edited without a reason");
  else
    check_passed_twice(conversation, allowed);
}

inline void check_scp(const Conversation& conversation, const std::string& command) {
  const auto whole = follow_scp(conversation, command, std::string::npos);
  our_bug(whole != follow_scp(conversation, command, 1), "it depends on how the bytes are cut");
}

}  // namespace sallyport::conversation
