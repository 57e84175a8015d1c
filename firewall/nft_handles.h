// The C handles of libmnl and libnftnl, owned from birth. Runs in: sallyportd (privileged).
#pragma once

#include <netinet/in.h>  // before linux/netfilter.h, or the two define the same things twice

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <memory>

#include "base/handle.h"

namespace sallyport {

using MnlSocket = std::unique_ptr<mnl_socket, FreeWith<mnl_socket_close>>;
using NftTable = std::unique_ptr<nftnl_table, FreeWith<nftnl_table_free>>;
using NftChain = std::unique_ptr<nftnl_chain, FreeWith<nftnl_chain_free>>;
using NftRule = std::unique_ptr<nftnl_rule, FreeWith<nftnl_rule_free>>;
using NftSet = std::unique_ptr<nftnl_set, FreeWith<nftnl_set_free>>;
using NftExpressionIterator = std::unique_ptr<nftnl_expr_iter, FreeWith<nftnl_expr_iter_destroy>>;

}  // namespace sallyport
