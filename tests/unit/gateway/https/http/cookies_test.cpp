// Cookies: whose goes where. Runs in: unit tests.
#include "gateway/https/http/cookies.h"

#include "tests/catch.h"

using namespace sallyport::http;
using Lines = std::vector<std::string>;

TEST_CASE("one cookie is found by its whole name, and none where there are two") {
  CHECK(find_cookie("a=1; __Host-sallyport=abc; b=2", kGateCookie) == "abc");
  CHECK(find_cookie("__Host-sallyport = abc ", kGateCookie) == "abc");
  CHECK(find_cookie("x__Host-sallyport=abc", kGateCookie) == std::nullopt);
  CHECK(find_cookie("__Host-sallyport=abc; __Host-sallyport=def", kGateCookie) == std::nullopt);
  CHECK(find_cookie("=__Host-sallyport=abc", kGateCookie) == std::nullopt);
  CHECK(find_cookie("", kGateCookie) == std::nullopt);
}

TEST_CASE("the gate's cookie never goes to the target, in no spelling") {
  const CookieNames names{"t1"};
  for (const auto* cookies :
       {"__Host-sallyport=abc", "__host-SALLYPORT=abc", "sallyport=abc", "__Secure-sallyport=abc",
        "=__Host-sallyport=abc", "__Host-sallyport", " ; ;", "__Host-sallyport-other-JSESSIONID=x"}) {
    INFO(cookies);
    CHECK(names.to_target(cookies).empty());
  }
  CHECK(names.to_target("a=1; __Host-sallyport=abc;b=2") == "a=1; b=2");
}

TEST_CASE("what the target hides from scripts is renamed for the session, and comes back under its name") {
  CookieNames names{"t1"};
  CHECK(names.to_rep("JSESSIONID=xyz; Path=/hmc; Domain=.hmc1.example; HttpOnly") ==
        Lines{"sallyport-t1-JSESSIONID=xyz; Path=/hmc; HttpOnly; Secure"});
  CHECK(names.to_target("sallyport-t1-JSESSIONID=xyz") == "JSESSIONID=xyz");
  CHECK(names.to_rep("__Host-id=1; Secure; Path=/; httponly; SameSite=Lax") ==
        Lines{"__Host-sallyport-t1-id=1; Path=/; httponly; SameSite=Lax; Secure"});
  CHECK(names.to_target("__Host-sallyport-t1-id=1") == "__Host-id=1");
}

TEST_CASE("another session's cookies do not reach this target") {
  const CookieNames names{"t2"};
  CHECK(names.to_target("sallyport-t1-JSESSIONID=old; sallyport-t2-JSESSIONID=new; lang=de") ==
        "JSESSIONID=new; lang=de");
  // Nor does a cookie that somebody planted under the plain name.
  CHECK(names.to_target("JSESSIONID=planted; sallyport-t2-JSESSIONID=mine") == "JSESSIONID=mine");
  CHECK(names.to_target("sallyport-t2-__Host-sallyport=x").empty());
}

TEST_CASE("what scripts may read keeps its name") {
  CookieNames names{"t1"};
  CHECK(names.to_rep("XSRF-TOKEN=abc; Path=/; Secure; Domain=hmc1; Expires=Thu, 01 Jan 2027 00:00:00 GMT; "
                     "Priority=High") ==
        Lines{"XSRF-TOKEN=abc; Path=/; Expires=Thu, 01 Jan 2027 00:00:00 GMT; Secure"});
}

TEST_CASE("a cookie that is taken back without HttpOnly is taken back under both names") {
  CookieNames names{"t1"};
  (void)names.to_rep("id=1; Path=/a; HttpOnly");
  CHECK(names.to_rep("id=; Path=/a; Max-Age=0") ==
        Lines{"id=; Path=/a; Max-Age=0; Secure", "sallyport-t1-id=; Max-Age=0; Path=/a; Secure; HttpOnly"});
}

TEST_CASE("a target sets no cookie of the gate's, and nothing that is none") {
  CookieNames names{"t1"};
  for (const auto* line :
       {"__Host-sallyport=evil; Path=/; Secure", "__HOST-Sallyport=evil", "sallyport-t1-x=1; HttpOnly",
        "=evil", "=__Host-sallyport=evil", "evil", "", "a b=c", ";"}) {
    INFO(line);
    CHECK(names.to_rep(line).empty());
  }
}

TEST_CASE("the names that are remembered are bounded") {
  CookieNames names{"t1"};
  std::size_t kept = 0;
  for (int i = 0; i < 1000; ++i) kept += names.to_rep("c" + std::to_string(i) + "=1; HttpOnly").size();
  CHECK(kept == 128);
}
