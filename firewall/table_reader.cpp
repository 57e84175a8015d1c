// Reading a table back from the kernel. Runs in: sallyportd (privileged). Reads the kernel's answers only.
#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "firewall/netfilter_socket.h"
#include "firewall/set_type.h"
#include "firewall/table.h"

namespace sallyport {

namespace {

template <class Handle>
Handle allocated(Handle handle) {
  our_bug(!handle, "out of memory");
  return handle;
}

Done read_chains(std::optional<NetfilterSocket>& socket, Table& table) {
  const auto read = [&](const nlmsghdr* message) -> Done {
    auto chain = allocated(NftChain{nftnl_chain_alloc()});
    if (nftnl_chain_nlmsg_parse(message, chain.get()) < 0) return fail_errno("parsing a chain");
    if (table.name == nftnl_chain_get_str(chain.get(), NFTNL_CHAIN_TABLE))
      table.chains.push_back(std::move(chain));
    return {};
  };
  // Kernels before 6.4 do not filter chains by table.
  return dump(socket, {NFT_MSG_GETCHAIN}, nullptr, read, [&] { table.chains.clear(); });
}

Done read_rules(std::optional<NetfilterSocket>& socket, Table& table) {
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
  return dump(socket, {NFT_MSG_GETRULE}, build, read, [&] { table.rules.clear(); });
}

Done read_sets(std::optional<NetfilterSocket>& socket, Table& table) {
  const auto build = [&](nlmsghdr* message) {
    mnl_attr_put_strz(message, NFTA_SET_TABLE, table.name.c_str());
  };
  const auto read = [&](const nlmsghdr* message) -> Done {
    auto set = allocated(NftSet{nftnl_set_alloc()});
    if (nftnl_set_nlmsg_parse(message, set.get()) < 0) return fail_errno("parsing a set");
    if (table.name == nftnl_set_get_str(set.get(), NFTNL_SET_TABLE)) table.sets.push_back(std::move(set));
    return {};
  };
  return dump(socket, {NFT_MSG_GETSET}, build, read, [&] { table.sets.clear(); });
}

Result<SetKey> key_of(nftnl_set_elem* element, std::uint16_t attribute, KeyType type) {
  std::uint32_t size = 0;
  const auto* bytes = static_cast<const std::uint8_t*>(nftnl_set_elem_get(element, attribute, &size));
  if (bytes == nullptr) return fail("the kernel returned a set element without a key");
  return SetKey::from_kernel({bytes, size}, type);
}

std::optional<Volume> volume_of(nftnl_set_elem* element) {
  std::optional<Volume> volume;
  const auto on_expression = [](nftnl_expr* expression, void* data) {
    if (std::string_view{nftnl_expr_get_str(expression, NFTNL_EXPR_NAME)} != "counter") return 0;
    *static_cast<std::optional<Volume>*>(data) =
        Volume{nftnl_expr_get_u64(expression, NFTNL_EXPR_CTR_PACKETS),
               nftnl_expr_get_u64(expression, NFTNL_EXPR_CTR_BYTES)};
    return 0;
  };
  nftnl_set_elem_expr_foreach(element, on_expression, &volume);
  return volume;
}

Result<SetElement> element_of(const nftnl_set* set, nftnl_set_elem* source) {
  SetElement element;
  element.set = nftnl_set_get_str(set, NFTNL_SET_NAME);
  const auto type = key_type_of(set);
  // The end of an interval of a set that is not ours has neither key nor meaning here.
  if (nftnl_set_elem_is_set(source, NFTNL_SET_ELEM_KEY)) {
    ASSIGN_OR_RETURN(element.key, key_of(source, NFTNL_SET_ELEM_KEY, type));
  }
  if (nftnl_set_elem_is_set(source, NFTNL_SET_ELEM_KEY_END)) {
    ASSIGN_OR_RETURN(element.end, key_of(source, NFTNL_SET_ELEM_KEY_END, type));
  }
  if (nftnl_set_elem_is_set(source, NFTNL_SET_ELEM_DATA)) {
    ASSIGN_OR_RETURN(element.data, key_of(source, NFTNL_SET_ELEM_DATA, data_type_of(set)));
  }
  if (nftnl_set_elem_is_set(source, NFTNL_SET_ELEM_EXPIRATION))
    element.milliseconds = nftnl_set_elem_get_u64(source, NFTNL_SET_ELEM_EXPIRATION);
  element.volume = volume_of(source);
  return element;
}

// libnftnl's iterator over elements does not return them as its others do; its foreach is sound.
Result<std::vector<SetElement>> parse_elements(const nlmsghdr* message, const nftnl_set* set) {
  const auto part = allocated(NftSet{nftnl_set_alloc()});
  if (nftnl_set_elems_nlmsg_parse(message, part.get()) < 0) return fail_errno("parsing set elements");
  struct Reading {
    const nftnl_set* set;
    std::vector<SetElement> elements;
    Done done;
  } reading{set, {}, {}};
  const auto on_element = [](nftnl_set_elem* source, void* data) {
    auto& state = *static_cast<Reading*>(data);
    auto element = element_of(state.set, source);
    if (element)
      state.elements.push_back(*std::move(element));
    else
      state.done = tl::unexpected{std::move(element).error()};
    return state.done ? 0 : -1;
  };
  nftnl_set_elem_foreach(part.get(), on_element, &reading);
  RETURN_IF_ERROR(reading.done);
  return std::move(reading.elements);
}

Done read_set_elements(std::optional<NetfilterSocket>& socket, const std::string& table, const nftnl_set* set,
                       std::vector<SetElement>& elements) {
  const auto build = [&](nlmsghdr* message) {
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table.c_str());
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, nftnl_set_get_str(set, NFTNL_SET_NAME));
  };
  const auto read = [&](const nlmsghdr* message) -> Done {
    ASSIGN_OR_RETURN(auto part, parse_elements(message, set));
    elements.insert(elements.end(), std::make_move_iterator(part.begin()),
                    std::make_move_iterator(part.end()));
    return {};
  };
  const auto before = elements.size();
  return dump(socket, {NFT_MSG_GETSETELEM}, build, read, [&] {
    elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(before), elements.end());
  });
}

Done read_sets_and_elements(std::optional<NetfilterSocket>& socket, Table& table) {
  RETURN_IF_ERROR(read_sets(socket, table));
  for (const auto& set : table.sets)
    RETURN_IF_ERROR(read_set_elements(socket, table.name, set.get(), table.elements));
  return {};
}

Done read_content(std::optional<NetfilterSocket>& socket, Table& table) {
  RETURN_IF_ERROR(read_chains(socket, table));
  RETURN_IF_ERROR(read_rules(socket, table));
  return read_sets_and_elements(socket, table);
}

Result<std::optional<Table>> read_header(std::optional<NetfilterSocket>& socket, const std::string& name) {
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
  RETURN_IF_ERROR(dump(socket, {NFT_MSG_GETTABLE}, nullptr, read, [&] { found.reset(); }));
  return found;
}

}  // namespace

std::optional<Volume> parse_volume(const nlmsghdr* message) {
  const auto part = allocated(NftSet{nftnl_set_alloc()});
  std::optional<Volume> volume;
  if (nftnl_set_elems_nlmsg_parse(message, part.get()) < 0) return volume;
  const auto on_element = [](nftnl_set_elem* element, void* data) {
    *static_cast<std::optional<Volume>*>(data) = volume_of(element);
    return 0;
  };
  nftnl_set_elem_foreach(part.get(), on_element, &volume);
  return volume;
}

Result<std::optional<Table>> read_table_header(const std::string& name) {
  std::optional<NetfilterSocket> socket;
  return read_header(socket, name);
}

Result<std::optional<Table>> read_table(const std::string& name) {
  std::optional<NetfilterSocket> socket;
  ASSIGN_OR_RETURN(auto table, read_header(socket, name));
  if (!table) return table;
  const auto done = read_content(socket, *table);
  // It vanished while we read it.
  if (!done && done.error().code() == ENOENT) return std::optional<Table>{};
  if (!done) return tl::unexpected{done.error().within(fmt::format("reading table inet {} back", name))};
  return table;
}

Result<std::vector<SetElement>> read_elements(const std::string& name) {
  std::optional<NetfilterSocket> socket;
  Table table;
  table.name = name;
  const auto done = read_sets_and_elements(socket, table);
  if (done) return std::move(table.elements);
  if (done.error().code() == ENOENT) return std::vector<SetElement>{};
  return tl::unexpected{done.error().within(fmt::format("reading the elements of table inet {} back", name))};
}

}  // namespace sallyport
