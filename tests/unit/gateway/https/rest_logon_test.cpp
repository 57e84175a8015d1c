// The target's REST sessions as requests and answers show them. Runs in: unit tests.
#include "gateway/https/rest_logon.h"

#include "tests/catch.h"

using namespace sallyport;

namespace {

http::RequestHead request(std::string_view method, std::string_view target) {
  http::RequestHead head;
  head.method = method;
  head.target = target;
  return head;
}

std::string given_by(std::string_view answer) { return std::string{session_given_by(answer).reveal()}; }

}  // namespace

TEST_CASE("a logon and a logoff are told by method and path") {
  CHECK(is_logon(request("PUT", "/rest/api/web/Logon")));
  CHECK(is_logon(request("PUT", "/rest/api/web/Logon?x")));
  CHECK_FALSE(is_logon(request("GET", "/rest/api/web/Logon")));
  CHECK_FALSE(is_logon(request("PUT", "/rest/api/web/Logon2")));
  CHECK(is_logoff(request("DELETE", "/rest/api/web/Logon")));
}

TEST_CASE("the session that an answer gives is read with and without attributes") {
  CHECK(given_by("<r><X-API-Session>abc=</X-API-Session></r>") == "abc=");
  CHECK(given_by("<r><X-API-Session kb=\"ROR\" kxe=\"false\">\n a-B_1 \n</X-API-Session></r>").empty());
  CHECK(given_by("<r><X-API-Session kb=\"ROR\" kxe=\"false\"> a-B_1 </X-API-Session></r>") == "a-B_1");
}

TEST_CASE("what no field can carry, or no answer says, is no session") {
  for (const auto* answer :
       {"", "<X-API-Session", "<X-API-Session>", "<X-API-Session>abc", "<X-API-Session/>x",
        "<X-API-Session></X", "<X-API-Session>a\r\nHost: evil</X-API-Session>",
        "<X-API-Session>a b</X-API-Session>", "<X-API-Session <b>abc</b>"})
    CHECK(given_by(answer).empty());
  CHECK(given_by("<X-API-Session>" + std::string(2000, 'x') + "</X-API-Session>").empty());
  auto logoff = request("DELETE", "/rest/api/web/Logon");
  CHECK(session_of(logoff).empty());
  logoff.fields.add("X-API-Session", "a,b");
  CHECK(session_of(logoff).empty());
}

TEST_CASE("a logoff is asked with the session in its field") {
  const auto logoff = logoff_of(Secret{std::string_view{"abc"}});
  CHECK(is_logoff(logoff));
  CHECK(session_of(logoff).reveal() == "abc");
  CHECK(logoff.body.kind == http::BodySize::Kind::none);
}

TEST_CASE("of a long answer only the beginning is kept") {
  LogonAnswer answer;
  answer.see("<X-API-Se");
  answer.see("ssion>abc</X-API-Session>");
  answer.see(std::string(100'000, 'x'));
  answer.see("more");
  CHECK(answer.session().reveal() == "abc");
  LogonAnswer late;
  late.see(std::string(64 * 1024, 'x'));
  late.see("<X-API-Session>abc</X-API-Session>");
  CHECK(late.session().empty());
}
