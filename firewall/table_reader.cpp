// Reading a table back from the kernel. Runs in: sallyportd (privileged). Reads the kernel's answers only.
#include <algorithm>
#include <functional>
#include <utility>

#include "base/check.h"
#include "firewall/netfilter_socket.h"
#include "firewall/table.h"

namespace sallyport {

namespace {

constexpr int kDumpTries = 20;

// A dump that changed while it was being read is started again after `restart`, on a new socket: the old one
// may still hold the rest of the spoilt answer.
Done dump(std::uint16_t type, const NetfilterSocket::Build& build, const NetfilterSocket::Read& read,
          const std::function<void()>& restart) {
  for (int tries = 1;; ++tries) {
    ASSIGN_OR_RETURN(auto socket, NetfilterSocket::open());
    restart();
    auto done = socket.request(type, NLM_F_DUMP, build, read);
    if (done || done.error().code() != EINTR || tries == kDumpTries) return done;
  }
}

template <class Handle>
Handle allocated(Handle handle) {
  our_bug(!handle, "out of memory");
  return handle;
}

Done read_chains(Table& table) {
  const auto read = [&](const nlmsghdr* message) -> Done {
    auto chain = allocated(NftChain{nftnl_chain_alloc()});
    if (nftnl_chain_nlmsg_parse(message, chain.get()) < 0) return fail_errno("parsing a chain");
    if (table.name == nftnl_chain_get_str(chain.get(), NFTNL_CHAIN_TABLE))
      table.chains.push_back(std::move(chain));
    return {};
  };
  // Kernels before 6.4 do not filter chains by table.
  return dump(NFT_MSG_GETCHAIN, nullptr, read, [&] { table.chains.clear(); });
}

Done read_rules(Table& table) {
  const auto build = [&](nlmsghdr* message) {
    mnl_attr_put_strz(message, NFTA_RULE_TABLE, table.name.c_str());
  };
  const auto read = [&](const nlmsghdr* message) -> Done {
    auto rule = allocated(NftRule{nftnl_rule_alloc()});
    if (nftnl_rule_nlmsg_parse(message, rule.get()) < 0) return fail_errno("parsing a rule");
    if (table.name == nftnl_rule_get_str(rule.get(), NFTNL_RULE_TABLE))
      table.rules.push_back(std::move(rule));
    return {};
  };
  return dump(NFT_MSG_GETRULE, build, read, [&] { table.rules.clear(); });
}

Done read_sets(Table& table) {
  const auto build = [&](nlmsghdr* message) {
    mnl_attr_put_strz(message, NFTA_SET_TABLE, table.name.c_str());
  };
  const auto read = [&](const nlmsghdr* message) -> Done {
    auto set = allocated(NftSet{nftnl_set_alloc()});
    if (nftnl_set_nlmsg_parse(message, set.get()) < 0) return fail_errno("parsing a set");
    if (table.name == nftnl_set_get_str(set.get(), NFTNL_SET_TABLE)) table.sets.push_back(std::move(set));
    return {};
  };
  return dump(NFT_MSG_GETSET, build, read, [&] { table.sets.clear(); });
}

Result<SetKey> key_of(nftnl_set_elem* element, std::uint16_t attribute) {
  std::uint32_t size = 0;
  const auto* bytes = static_cast<const std::uint8_t*>(nftnl_set_elem_get(element, attribute, &size));
  if (bytes == nullptr) return fail("the kernel returned a set element without a key");
  return SetKey::from_kernel({bytes, size});
}

Result<SetElement> element_of(const std::string& set, nftnl_set_elem* source) {
  SetElement element;
  element.set = set;
  ASSIGN_OR_RETURN(element.key, key_of(source, NFTNL_SET_ELEM_KEY));
  if (nftnl_set_elem_is_set(source, NFTNL_SET_ELEM_KEY_END)) {
    ASSIGN_OR_RETURN(element.end, key_of(source, NFTNL_SET_ELEM_KEY_END));
  }
  if (nftnl_set_elem_is_set(source, NFTNL_SET_ELEM_EXPIRATION))
    element.milliseconds_left = nftnl_set_elem_get_u64(source, NFTNL_SET_ELEM_EXPIRATION);
  return element;
}

// libnftnl's iterator over elements does not return them as its others do; its foreach is sound.
Done append_elements(nftnl_set* part, const std::string& set, std::vector<SetElement>& elements) {
  struct Reading {
    const std::string& set;
    std::vector<SetElement>& elements;
    Done done;
  } reading{set, elements, {}};
  const auto on_element = [](nftnl_set_elem* source, void* data) {
    auto& state = *static_cast<Reading*>(data);
    auto element = element_of(state.set, source);
    if (element)
      state.elements.push_back(*std::move(element));
    else
      state.done = tl::unexpected{std::move(element).error()};
    return state.done ? 0 : -1;
  };
  nftnl_set_elem_foreach(part, on_element, &reading);
  return reading.done;
}

Done read_elements(const std::string& table, const std::string& set, std::vector<SetElement>& elements) {
  const auto build = [&](nlmsghdr* message) {
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table.c_str());
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set.c_str());
  };
  const auto read = [&](const nlmsghdr* message) -> Done {
    const auto part = allocated(NftSet{nftnl_set_alloc()});
    if (nftnl_set_elems_nlmsg_parse(message, part.get()) < 0) return fail_errno("parsing set elements");
    return append_elements(part.get(), set, elements);
  };
  const auto before = elements.size();
  return dump(NFT_MSG_GETSETELEM, build, read, [&] {
    elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(before), elements.end());
  });
}

Done read_content(Table& table) {
  RETURN_IF_ERROR(read_chains(table));
  RETURN_IF_ERROR(read_rules(table));
  RETURN_IF_ERROR(read_sets(table));
  for (const auto& set : table.sets)
    RETURN_IF_ERROR(read_elements(table.name, nftnl_set_get_str(set.get(), NFTNL_SET_NAME), table.elements));
  return {};
}

}  // namespace

Result<std::optional<Table>> read_table_header(const std::string& name) {
  std::optional<Table> found;
  const auto read = [&](const nlmsghdr* message) -> Done {
    const auto table = allocated(NftTable{nftnl_table_alloc()});
    if (nftnl_table_nlmsg_parse(message, table.get()) < 0) return fail_errno("parsing a table");
    if (name != nftnl_table_get_str(table.get(), NFTNL_TABLE_NAME)) return {};
    found.emplace();
    found->name = name;
    found->flags = nftnl_table_get_u32(table.get(), NFTNL_TABLE_FLAGS);
    found->owner = nftnl_table_get_u32(table.get(), NFTNL_TABLE_OWNER);
    return {};
  };
  RETURN_IF_ERROR(dump(NFT_MSG_GETTABLE, nullptr, read, [&] { found.reset(); }));
  return found;
}

Result<std::optional<Table>> read_table(const std::string& name) {
  ASSIGN_OR_RETURN(auto table, read_table_header(name));
  if (!table) return table;
  const auto done = read_content(*table);
  // It vanished while we read it.
  if (!done && done.error().code() == ENOENT) return std::optional<Table>{};
  if (!done) return tl::unexpected{done.error().within(fmt::format("reading table inet {} back", name))};
  return table;
}

}  // namespace sallyport
