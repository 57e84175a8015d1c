// Runs in: sallyportd, sallyport.
#include "gateway/audit/chain.h"

#include "base/check.h"

namespace sallyport {

Result<RecordView> Chain::sound(std::string_view line) {
  const auto view = scan_line(line);
  if (view && is_hex_of(view->hash, hash_of(*view, hasher_))) return *view;
  // The slow way, for its words.
  auto record = parse_line(line);
  if (!record) return tl::unexpected{std::move(record).error()};
  return fail("it is not written the way a journal writes it");
}

Done Chain::follows(const RecordView& record) const {
  if (record.seq != head_.seq + 1) return fail("it is record {}, but {} was due", record.seq, head_.seq + 1);
  if (record.prev != head_.hash) return fail("its 'prev' is not the hash of the record before");
  return {};
}

void Chain::advance(const RecordView& record) {
  const bool knew_tree = knows_tree();
  head_.seq = record.seq;
  head_.hash = record.hash;
  if (knew_tree) tree_.add(leaf_hash(digest_from_hex(record.hash), hasher_), hasher_);
}

Result<Record> Chain::take(std::string_view line) {
  ASSIGN_OR_RETURN(const auto view, sound(line));
  RETURN_IF_ERROR(follows(view));
  advance(view);
  return take_apart(view.line);
}

}  // namespace sallyport
