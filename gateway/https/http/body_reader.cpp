// Runs in: sallyport-https.
#include "gateway/https/http/body_reader.h"

#include <fmt/core.h>

#include "base/check.h"

namespace sallyport::http {

namespace {

constexpr unsigned kMostDigits = 16;
constexpr std::uint64_t kLargestChunk = std::uint64_t{1} << 62;
constexpr HeadLimits kTrailerLimits{8 * 1024, 8 * 1024, 16 * 1024, 32};

// What a trailer may not say: what was needed before the body, or what somebody decides upon.
bool is_refused_in_trailer(std::string_view name) {
  if (is_framing(name) || is_hop_by_hop(name)) return true;
  for (const std::string_view refused :
       {"Cookie", "Set-Cookie", "Authorization", "Location", "Content-Type", "Content-Encoding",
        "Content-Range", "Cache-Control", "Origin", "Referer", "Forwarded"})
    if (same_name(name, refused)) return true;
  return starts_with_name(name, "X-Forwarded-") || name.find('_') != std::string_view::npos;
}

}  // namespace

BodyReader::BodyReader(const BodySize& size) : trailer_end_(kTrailerLimits) {
  switch (size.kind) {
    case BodySize::Kind::none:
      break;
    case BodySize::Kind::length:
      left_ = size.length;
      if (left_ != 0) state_ = State::counted;
      break;
    case BodySize::Kind::chunked:
      state_ = State::size_first;
      break;
    case BodySize::Kind::until_close:
      state_ = State::until_close;
      break;
  }
}

Parsed<BodyReader::Step> BodyReader::take(std::string_view input) {
  std::size_t used = 0;
  while (used < input.size() && state_ != State::done) {
    auto step = Parsed<Step>{};
    if (state_ == State::counted || state_ == State::until_close || state_ == State::chunk) {
      step = take_data(input.substr(used));
    } else if (state_ == State::trailer) {
      step = take_trailer(input.substr(used));
    } else {
      const auto next = framing_byte(input[used]);
      if (!next) return tl::unexpected{next.error()};
      state_ = *next;
      step = Step{1, {}};
    }
    if (!step) return step;
    used += step->used;
    if (!step->data.empty()) return Step{used, step->data};
  }
  return Step{used, {}};
}

Parsed<BodyReader::Step> BodyReader::take_data(std::string_view input) {
  if (state_ == State::until_close) return Step{input.size(), input};
  const auto data = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
  left_ -= data.size();
  if (left_ == 0) state_ = state_ == State::chunk ? State::chunk_cr : State::done;
  return Step{data.size(), data};
}

Parsed<BodyReader::State> BodyReader::size_digit(char c) {
  const int value = hex_value(c);
  if (value < 0) return bad("a chunk's size that is no number");
  if (++digits_ > kMostDigits) return bad("a chunk's size that is too long");
  left_ = left_ << 4U | static_cast<std::uint64_t>(value);
  if (left_ > kLargestChunk) return bad("a chunk that is too large");
  return State::size;
}

Parsed<BodyReader::State> BodyReader::framing_byte(char c) {
  switch (state_) {
    case State::size_first:
      left_ = digits_ = 0;
      return size_digit(c);
    case State::size:
      if (c == '\r') return State::size_lf;
      return size_digit(c);
    case State::size_lf:
      if (c != '\n') return bad("a CR without LF after a chunk's size");
      return left_ == 0 ? State::trailer : State::chunk;
    case State::chunk_cr:
      if (c != '\r') return bad("a chunk that is longer than its size");
      return State::chunk_lf;
    case State::chunk_lf:
      if (c != '\n') return bad("a CR without LF after a chunk");
      return State::size_first;
    case State::counted:
    case State::until_close:
    case State::chunk:
    case State::trailer:
    case State::done:
      break;
  }
  our_bug(true, "a state without framing");
  return State::done;
}

// Byte by byte into a buffer of our own: trailers are rare and short.
Parsed<BodyReader::Step> BodyReader::take_trailer(std::string_view input) {
  for (std::size_t i = 0; i < input.size(); ++i) {
    trailer_bytes_ += input[i];
    if (trailer_bytes_ == "\r\n") {
      state_ = State::done;
      return Step{i + 1, {}};
    }
    if (trailer_bytes_ == "\r") continue;  // an empty trailer is no head: find() would refuse it
    const auto end = trailer_end_.find(trailer_bytes_);
    if (!end) return tl::unexpected{Fault{end.error().status == 400 ? 400 : 431, end.error().why}};
    if (!*end) continue;
    if (auto kept = keep_trailers(); !kept) return tl::unexpected{kept.error()};
    state_ = State::done;
    return Step{i + 1, {}};
  }
  return Step{input.size(), {}};
}

Parsed<bool> BodyReader::keep_trailers() {
  for (const auto line : lines_of(trailer_bytes_)) {
    auto field = parse_field(line);
    if (!field) return tl::unexpected{field.error()};
    if (is_refused_in_trailer(field->name)) return bad("a trailer that may not be one");
    trailers_.add(field->name, field->value);
  }
  trailer_bytes_.clear();
  return true;
}

std::string chunk_head(std::size_t size) {
  our_bug(size == 0, "a chunk of no size would end the body");
  return fmt::format("{:x}\r\n", size);
}

std::string last_chunk(const Fields& trailers) {
  std::string text = "0\r\n";
  append_fields(text, trailers);
  return text + "\r\n";
}

}  // namespace sallyport::http
