// BodyReader: a message's body out of the bytes that carry it, in any fragmentation.
// Pure; runs in: sallyport-https.
#pragma once

#include <string>

#include "gateway/https/http/body_size.h"
#include "gateway/https/http/head_finder.h"

namespace sallyport::http {

// Chunked bodies (RFC 9112, section 7.1) are read strictly: a size is 1 to 16 hexadecimal digits and nothing
// else. Chunk extensions are refused: no client or HMC in use sends them, servers disagree about where they
// end, and nobody reads them.
class BodyReader {
 public:
  explicit BodyReader(const BodySize& size);

  struct Step {
    std::size_t used = 0;   // bytes of `input` that are done with
    std::string_view data;  // the body's, a part of `input`; may be empty
  };
  // Takes from the front of `input` up to the end of one run of data. Nothing used: more input is needed, or
  // the body is over.
  Parsed<Step> take(std::string_view input);

  bool done() const noexcept { return state_ == State::done; }
  // Whether the end of the connection is the end of this body.
  bool ends_with_connection() const noexcept { return state_ == State::until_close; }
  // Of a chunked body that is done. None that would change how the message is read.
  const Fields& trailers() const noexcept { return trailers_; }

 private:
  enum class State : std::uint8_t {
    counted,
    until_close,
    size_first,  // the first digit of a chunk's size
    size,
    size_lf,
    chunk,
    chunk_cr,
    chunk_lf,
    trailer,
    done
  };
  Parsed<Step> take_data(std::string_view input);
  Parsed<Step> take_trailer(std::string_view input);
  Parsed<State> framing_byte(char c);
  Parsed<State> size_digit(char c);
  Parsed<bool> keep_trailers();

  State state_ = State::done;
  std::uint64_t left_ = 0;
  unsigned digits_ = 0;
  std::string trailer_bytes_;
  HeadFinder trailer_end_;
  Fields trailers_;
};

// The frame around a chunk of `size` bytes; not for 0, which would end the body.
std::string chunk_head(std::size_t size);
inline constexpr std::string_view kChunkEnd = "\r\n";
// The last chunk with its trailers.
std::string last_chunk(const Fields& trailers);

}  // namespace sallyport::http
