// Runs in: the firewall benchmark, as root.
#include "tests/bench/firewall_parts/nft_tool.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "firewall/live_rules.h"
#include "firewall/live_table.h"
#include "firewall/transaction.h"
#include "tests/catch.h"

namespace sallyport {

namespace {

template <class Act>
void for_each_element(const std::vector<Passage>& passages, const Act& act) {
  for (const auto set : kLiveSets)
    for (const auto& passage : passages)
      if (has_element(passage, set)) act(name_of(set, passage.family), element_of(passage, set));
}

void commit(Transaction& transaction) {
  auto socket = NetfilterSocket::open();
  REQUIRE(socket);
  const auto verdict = transaction.commit(*socket);
  INFO((verdict ? "" : verdict.error("filling the table").message()));
  REQUIRE(verdict);
}

}  // namespace

void make_ownerless_table(std::uint32_t mark_bit) {
  auto table = live_table(mark_bit);
  table.flags = 0;
  Transaction transaction{table.name};
  transaction.add_table(table.flags);
  transaction.add_content(table);
  commit(transaction);
}

void fill_ownerless_table(const std::vector<Passage>& passages, std::chrono::milliseconds lives) {
  constexpr std::size_t kAtOnce = 500;
  for (std::size_t at = 0; at < passages.size(); at += kAtOnce) {
    const auto end = std::min(passages.size(), at + kAtOnce);
    Transaction transaction{kLiveTable, Transaction::Elements::together};
    for_each_element({passages.begin() + static_cast<std::ptrdiff_t>(at),
                      passages.begin() + static_cast<std::ptrdiff_t>(end)},
                     [&](const char* set, Element element) {
                       element.milliseconds = static_cast<std::uint64_t>(lives.count());
                       transaction.add_element(set, element);
                     });
    commit(transaction);
  }
}

std::string nft_adding(const std::vector<Passage>& passages, std::chrono::seconds lives) {
  std::string text;
  for_each_element(passages, [&](const char* set, const Element& element) {
    const auto leads_to = element.data.empty() ? std::string{} : " : " + element.data.text();
    text += fmt::format("add element inet {} {} {{ {} timeout {}s{} }}\n", kLiveTable, set,
                        element.key_text(), lives.count(), leads_to);
  });
  return text;
}

std::string nft_deleting(const std::vector<Passage>& passages) {
  std::string text;
  for_each_element(passages, [&](const char* set, const Element& element) {
    text += fmt::format("delete element inet {} {} {{ {} }}\n", kLiveTable, set, element.text());
  });
  return text;
}

void run_nft(const std::string& commands) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const UniqueFd reader{ends[0]};
  UniqueFd writer{ends[1]};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, reader.get(), 0);
  const char* const arguments[] = {"nft", "-f", "-", nullptr};
  pid_t child = 0;
  const int code =
      posix_spawnp(&child, "nft", &actions, nullptr, const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  REQUIRE(code == 0);
  REQUIRE(write(writer.get(), commands.data(), commands.size()) == static_cast<ssize_t>(commands.size()));
  writer.reset();
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  INFO(commands);
  REQUIRE(status == 0);
}

std::vector<Passage> passages_of(const std::vector<Opening>& openings, BootTime now) {
  Holdings holdings;
  holdings.place(1, openings);
  return holdings.everything(now);
}

}  // namespace sallyport
