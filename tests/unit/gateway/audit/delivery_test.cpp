// Delivery: how far a destination is comes back as it was stored, or not at all. Runs in: tests.
#include "gateway/audit/delivery.h"

#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"

using namespace sallyport;

TEST_CASE("a position, and what is in its way, come back as they were stored") {
  const TemporaryFolder folder;
  const auto file = delivery_file(folder.path(), "siem");
  CHECK_FALSE(load_delivery(file).value());
  for (const Delivery& delivery :
       {Delivery{Position{}, {}, {}}, Delivery{Position{17, std::string(64, 'a')}, {}, {}},
        Delivery{Position{17, std::string(64, 'a')}, "refused\n", "2026-03-01T10:00:00.000000Z"},
        Delivery{{}, "no journal", "2026-03-01T10:00:00.000000Z"}}) {
    REQUIRE(store_delivery(file, delivery));
    CHECK(load_delivery(file).value() == delivery);
  }
}

TEST_CASE("a file that was cut or changed holds no position: nobody is to begin at a wrong one") {
  const TemporaryFolder folder;
  const auto file = delivery_file(folder.path(), "siem");
  REQUIRE(store_delivery(file, {Position{17, std::string(64, 'a')}, {}, {}}));
  const auto whole = contents_of(file);
  for (std::size_t cut = 0; cut + 2 < whole.size(); ++cut) {
    put_contents(file, whole.substr(0, cut));
    REQUIRE_FALSE(load_delivery(file));
  }
  for (const std::string text :
       {"[]", "{\"hash\":\"aa\",\"seq\":1}", "{\"seq\":-1}", "{\"problem\":\"\"}", "nonsense"}) {
    put_contents(file, text);
    CHECK_FALSE(load_delivery(file));
  }
}

TEST_CASE("positions lie beside the gate's own state, not in it") {
  CHECK(send_folder("/var/lib/sallyport") == "/var/lib/sallyport-send");
}
