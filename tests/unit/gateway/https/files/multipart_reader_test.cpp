// The parts of a multipart body in any fragmentation. Runs in: unit tests.
#include "gateway/https/files/multipart_reader.h"

#include "tests/catch.h"

using namespace sallyport::http;

namespace {

struct Part {
  std::string disposition, data;
  bool ended = false;
  bool operator==(const Part&) const = default;
};

struct Parts final : PartSink {
  std::vector<Part> seen;
  void begin_part(const Fields& fields) override {
    const auto* const disposition = fields.find("Content-Disposition");
    seen.push_back({disposition == nullptr ? "" : *disposition, "", false});
  }
  void part_data(std::string_view data) override { seen.back().data += data; }
  void end_part() override { seen.back().ended = true; }
};

struct Outcome {
  std::vector<Part> parts;
  bool done = false, lost = false;
};

Outcome read(std::string_view body, std::string_view boundary = "b") {
  Outcome whole;
  for (const auto piece : {std::string_view::npos, std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
    MultipartReader reader{boundary};
    Parts parts;
    for (std::size_t at = 0; at < body.size(); at += std::min(piece, body.size() - at))
      reader.take(body.substr(at, piece), parts);
    Outcome outcome{parts.seen, reader.done(), reader.lost()};
    if (piece == std::string_view::npos) {
      whole = outcome;
      continue;
    }
    CHECK(outcome.lost == whole.lost);
    CHECK(outcome.done == whole.done);
    if (!whole.lost) CHECK(outcome.parts == whole.parts);
  }
  return whole;
}

const std::string kField = "--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n";

}  // namespace

TEST_CASE("parts come out with their fields and every byte of their data") {
  const auto outcome =
      read(kField + "one\r\n--b\r\nContent-Type: x/y\r\n\r\n\r\ntwo\r\n-\r\n--\r\n--b--\r\n");
  CHECK(outcome.done);
  REQUIRE(outcome.parts.size() == 2);
  CHECK(outcome.parts[0] == Part{"form-data; name=\"f\"", "one", true});
  CHECK(outcome.parts[1] == Part{"", "\r\ntwo\r\n-\r\n--", true});
}

TEST_CASE("a part may have no fields, and no data") {
  const auto outcome = read("--b\r\n\r\n\r\n--b--");
  CHECK(outcome.done);
  CHECK(outcome.parts == std::vector{Part{"", "", true}});
}

TEST_CASE("a body that broke off is neither done nor lost") {
  const auto outcome = read(kField + "half of");
  CHECK_FALSE(outcome.done);
  CHECK_FALSE(outcome.lost);
  CHECK(outcome.parts.size() == 1);
  CHECK_FALSE(read("").done);
}

TEST_CASE("what another reader could divide otherwise is given up") {
  const std::string good = kField + "x\r\n--b";
  REQUIRE(read(good + "--").done);
  CHECK(read("preamble\r\n" + good + "--").lost);
  CHECK(read("\r\n" + good + "--").lost);
  CHECK(read(good + "--\r\nepilogue").lost);
  CHECK(read(good + "--\n").lost);
  CHECK(read(good + " \r\n\r\n").lost);
  CHECK(read(good + "a\r\n\r\n").lost);
  CHECK(read(good + "\n\n").lost);
  CHECK(read("--b\r\nContent-Disposition : form-data\r\n\r\nx\r\n--b--").lost);
  CHECK(read("--b\r\nX: y\r\n folded\r\n\r\nx\r\n--b--").lost);
  CHECK(read("--b\r\nX: y\r\n\r\n--b--").lost);
  CHECK(read("--b\nX: y\n\nx\n--b--").lost);
}

TEST_CASE("a head is bounded, and so is a boundary") {
  CHECK(read("--b\r\nX: " + std::string(20'000, 'x')).lost);
  CHECK(read("", "").lost);
  CHECK(read("", std::string(71, 'b')).lost);
}
