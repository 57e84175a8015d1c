// What is changed on the way. Runs in: unit tests.
#include "gateway/https/http/rewrite.h"

#include "tests/catch.h"

using namespace sallyport::http;

namespace {

Rewriter rewriter() { return {{"hmc1.example", {"hmc1", "198.51.100.20", "hmc1:12443"}}, "t1"}; }

RequestHead request(std::vector<Field> fields, const std::string& method = "GET") {
  RequestHead head;
  head.method = method;
  head.target = "/a";
  head.authority = "gate.example:8443";
  for (const auto& field : fields) head.fields.add(field.name, field.value);
  return head;
}

// What the target sees of one header; "-" when it is gone, the status when the request is refused.
std::string seen(const std::string& name, const std::string& value, std::vector<Field> more = {},
                 const std::string& method = "GET") {
  more.push_back({name, value});
  auto head = request(std::move(more), method);
  if (const auto done = rewriter().to_target(head); !done) return std::to_string(done.error().status);
  const auto* const left = head.fields.find(name);
  return left == nullptr ? "-" : *left;
}

std::string shown(const std::string& name, const std::string& value, std::vector<Field> more = {}) {
  ResponseHead head;
  head.fields.add(name, value);
  for (const auto& field : more) head.fields.add(field.name, field.value);
  rewriter().to_rep(head, "gate.example:8443");
  const auto* const left = head.fields.find(name);
  return left == nullptr ? "-" : *left;
}

}  // namespace

TEST_CASE("the target sees itself as the origin") {
  CHECK(seen("Origin", "https://gate.example:8443", {}, "POST") == "https://hmc1.example");
  CHECK(seen("Origin", "https://GATE.example:8443", {}, "POST") == "https://hmc1.example");
  CHECK(seen("Origin", "null", {{"Sec-Fetch-Site", "same-origin"}}, "POST") == "https://hmc1.example");
  CHECK(seen("Referer", "https://gate.example:8443/x?y=z") == "https://hmc1.example/x?y=z");
  CHECK(seen("Referer", "https://elsewhere.example/secret") == "-");
  CHECK(seen("Referer", "https://gate.example:8443.evil.example/") == "-");
  auto head = request({{"Origin", "https://gate.example"}}, "POST");
  head.authority = "gate.example:443";
  CHECK(rewriter().to_target(head));
}

TEST_CASE("another site's page moves nothing here") {
  for (const auto* origin :
       {"https://evil.example", "http://gate.example:8443", "https://gate.example", "null",
        "https://gate.example:8443.evil.example", "https://gate.example:8443@evil", ""}) {
    INFO(origin);
    CHECK(seen("Origin", origin, {}, "POST") == "403");
    CHECK(seen("Origin", origin) == "403");
  }
  CHECK(seen("Origin", "null", {{"Sec-Fetch-Site", "cross-site"}}, "POST") == "403");
  CHECK(seen("Sec-Fetch-Site", "cross-site", {}, "POST") == "403");
  CHECK(seen("Sec-Fetch-Site", "same-site", {}, "DELETE") == "403");
  CHECK(seen("Sec-Fetch-Site", "cross-site") == "cross-site");  // a link that leads here
  CHECK(seen("Sec-Fetch-Site", "none", {}, "POST") == "none");
  auto websocket = request({{"Sec-Fetch-Site", "cross-site"}});
  websocket.wants_websocket = true;
  CHECK(rewriter().to_target(websocket).error().status == 403);
}

TEST_CASE("a service worker would outlive the session, so none is fetched") {
  CHECK(seen("Service-Worker", "script") == "403");
}

TEST_CASE("nobody says but the connection where a request comes from, nor the first line what it asks for") {
  for (const auto* name : {"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "x-forwarded-proto",
                           "X-Real-IP", "Via", "X-Original-URL", "X-Rewrite-URL", "Proxy"}) {
    INFO(name);
    CHECK(seen(name, "evil") == "-");
  }
  CHECK(seen("Authorization", "Basic x") == "Basic x");
}

TEST_CASE("cookies on their way to the target") {
  CHECK(seen("Cookie", "__Host-sallyport=abc") == "-");
  CHECK(seen("Cookie", "__Host-sallyport=abc; sallyport-t1-JSESSIONID=1; lang=de") ==
        "JSESSIONID=1; lang=de");
}

TEST_CASE("redirects of the target to itself stay at the gate") {
  for (const auto* own :
       {"https://hmc1.example/a?b#c", "https://HMC1.example:443/a?b#c", "http://hmc1/a?b#c",
        "http://hmc1:80/a?b#c", "https://198.51.100.20/a?b#c", "//hmc1/a?b#c", "https://hmc1:12443/a?b#c"}) {
    INFO(own);
    CHECK(shown("Location", own) == "/a?b#c");
  }
  CHECK(shown("Location", "https://hmc1") == "/");
  CHECK(shown("Location", "https://hmc1?a") == "/?a");
  CHECK(shown("Location", "/a") == "/a");
  CHECK(shown("Location", "a/b") == "a/b");
  CHECK(shown("Content-Location", "https://hmc1/x") == "/x");
  CHECK(shown("Refresh", "5; URL=https://hmc1/x") == "5; URL=/x");
  CHECK(shown("Refresh", "5") == "5");
}

TEST_CASE("a redirect is made to lead nowhere that it did not lead before") {
  CHECK(shown("Location", "https://hmc1//evil.example/") == "/evil.example/");
  CHECK(shown("Location", "https://hmc1/\\evil.example/") == "/evil.example/");
  CHECK(shown("Location", "https://hmc1\\@evil.example/") == "/@evil.example/");
  // Browsers take tabs out of an address before they read it (WHATWG URL, section 4.4).
  CHECK(shown("Location", "https://hmc1/\t/evil.example/") == "/evil.example/");
  CHECK(shown("Location", "https://hmc1/\t\\\t/evil.example/") == "/evil.example/");
  CHECK(shown("Location", "https://hm\tc1/\t/evil.example/") == "/evil.example/");
  CHECK(shown("Refresh", "0; url=https://hmc1/\t/evil.example/") == "0; url=/evil.example/");
  for (const auto* foreign :
       {"https://www.ibm.example/", "https://hmc1@evil.example/", "https://hmc1.evil.example/",
        "https://hmc1:444/", "//evil.example/", "/\\evil.example/", "https:evil.example", "https:///hmc1/",
        "https:\\\\hmc1/"}) {
    INFO(foreign);
    CHECK(shown("Location", foreign) == foreign);
  }
}

TEST_CASE("what would outlive the session in the browser is not passed on") {
  for (const auto* name : {"Strict-Transport-Security", "Alt-Svc", "Clear-Site-Data",
                           "Service-Worker-Allowed", "NEL", "Report-To", "Public-Key-Pins"}) {
    INFO(name);
    CHECK(shown(name, "x") == "-");
  }
  CHECK(shown("Content-Security-Policy", "default-src 'self'") == "default-src 'self'");
}

TEST_CASE("pages are not kept, what an application is made of is, by this browser alone") {
  CHECK(shown("Cache-Control", "public, max-age=60") == "no-store");
  CHECK(shown("Cache-Control", "max-age=60", {{"Content-Type", "text/html"}}) == "no-store");
  CHECK(shown("Cache-Control", "max-age=60", {{"Content-Type", "application/json"}}) == "no-store");
  CHECK(shown("Cache-Control", "public, max-age=60", {{"Content-Type", "text/css; charset=utf-8"}}) ==
        "private, max-age=60");
  CHECK(shown("Content-Type", "text/html") == "text/html");
}

TEST_CASE("the target's own origin is allowed as the gate's") {
  CHECK(shown("Access-Control-Allow-Origin", "https://hmc1.example") == "https://gate.example:8443");
  CHECK(shown("Access-Control-Allow-Origin", "*") == "*");
  CHECK(shown("Access-Control-Allow-Origin", "https://other.example") == "https://other.example");
}

TEST_CASE("each Set-Cookie is rewritten, in its place") {
  ResponseHead head;
  head.fields.add("Set-Cookie", "a=1; Domain=hmc1");
  head.fields.add("Set-Cookie", "__Host-sallyport=evil");
  head.fields.add("X", "y");
  head.fields.add("Set-Cookie", "b=2; HttpOnly");
  rewriter().to_rep(head, "gate.example");
  std::string all;
  for (const auto& field : head.fields) all += field.name + ":" + field.value + "\n";
  CHECK(
      all ==
      "Set-Cookie:a=1; Secure\nX:y\nSet-Cookie:sallyport-t1-b=2; HttpOnly; Secure\nCache-Control:no-store\n");
}
