// The login by forms, with a monitor that the test plays. Runs in: unit tests.
#include "gateway/https/portal.h"

#include <map>

#include "auth/challenge_text.h"
#include "base/encoding.h"
#include "base/sha256.h"
#include "gateway/https/http/cookies.h"
#include "tests/catch.h"

using namespace sallyport;
using namespace std::chrono_literals;
using http::RequestHead;

namespace {

struct FakeGatekeeper final : Gatekeeper {
  Result<AfterPassword> challenge(const std::string& user, const Secret& password) override {
    asked.push_back(user + "/" + std::string{password.reveal()});
    if (gone) return fail("the gate is stopping");
    if (mutual) return QuestionWanted{};
    if (key) return *key;
    return Challenge{prompt};
  }
  Result<std::string> question(const Secret& question) override {
    asked.push_back("?" + std::string{question.reveal()});
    return "Gate's answer 1234. " + prompt;
  }
  Result<Verdict> answer(const Secret& response) override {
    asked.emplace_back(response.reveal());
    return verdict;
  }
  void leave() override { asked.emplace_back("leave"); }
  std::vector<std::string> asked;
  Verdict verdict = Verdict::admitted;
  std::string prompt = "Challenge <K7XQM>: ";
  std::optional<KeyChallenge> key;
  bool gone = false, mutual = false;
};

// A browser that keeps the gate's cookies.
struct Browser {
  Portal& portal;
  std::map<std::string, std::string> cookies{};

  RequestHead request(const std::string& method, std::string_view path) const {
    RequestHead head;
    head.method = method;
    head.target = path;
    head.authority = "gate.example";
    std::string line;
    for (const auto& [name, value] : cookies) line += (line.empty() ? "" : "; ") + name + "=" + value;
    if (!line.empty()) head.fields.add("Cookie", line);
    if (method == "POST") head.fields.add("Content-Type", "application/x-www-form-urlencoded");
    return head;
  }
  void keep(const Reply& reply) {
    for (const auto& field : reply.head.fields) {
      if (field.name != "Set-Cookie") continue;
      const auto equals = field.value.find('='), end = field.value.find(';');
      const auto name = field.value.substr(0, equals),
                 value = field.value.substr(equals + 1, end - equals - 1);
      CHECK(field.value.find("; Path=/; Secure; HttpOnly; SameSite=Strict") != std::string::npos);
      cookies[name] = value;
      if (value.empty()) cookies.erase(name);
    }
  }
  Reply send(const RequestHead& head, std::string_view body = "") {
    auto reply = portal.serve(head, body);
    if (!reply) reply = portal.entered(Portal::Session{"s-1", "connected to hmc1"});
    keep(*reply);
    return *std::move(reply);
  }
  Reply get(std::string_view path) { return send(request("GET", path)); }
  Reply post(std::string_view path, std::string_view body = "") { return send(request("POST", path), body); }
  void log_in() {
    get(kLoginPath);
    post(kLoginPath, "user=kim&password=pw");
    post(kAnswerPath, "response=123");
  }
};

struct Site {
  FakeGatekeeper gatekeeper;
  SystemRandom random;
  Portal portal{Pages{"Authorised <use> only", "gate1"}, gatekeeper, random};
  Browser browser{portal};
};

bool has(const Reply& reply, std::string_view text) { return reply.body.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("password, challenge, response: then the session, each step with a new id") {
  Site site;
  auto& [portal, cookies] = site.browser;
  CHECK(has(site.browser.get(kLoginPath), "Authorised &lt;use&gt; only"));
  const auto first = cookies.at("__Host-sallyport-login");
  CHECK(has(site.browser.post(kLoginPath, "user=kim%2Bhmc1&password=p%20w"), "Challenge &lt;K7XQM&gt;"));
  CHECK(cookies.at("__Host-sallyport-login") != first);
  CHECK_FALSE(portal.is_logged_in(site.browser.request("GET", "/")));
  CHECK(site.browser.post(kAnswerPath, "response=123").head.status == 303);
  CHECK(site.gatekeeper.asked == std::vector<std::string>{"kim+hmc1/p w", "123"});
  CHECK_FALSE(cookies.contains("__Host-sallyport-login"));
  CHECK(portal.is_logged_in(site.browser.request("GET", "/")));
  CHECK(has(site.browser.get(kStatusPath), "connected to hmc1"));
}

TEST_CASE(
    "where a login is mutual the rep's question comes first, and the gate's answer with the challenge") {
  Site site;
  site.gatekeeper.mutual = true;
  auto& cookies = site.browser.cookies;
  site.browser.get(kLoginPath);
  CHECK(has(site.browser.post(kLoginPath, "user=kim&password=pw"), "Your question for the gate"));
  const auto first = cookies.at("__Host-sallyport-login");
  CHECK(has(site.browser.get(kLoginPath), "Your question for the gate"));
  CHECK(site.browser.post(kAnswerPath, "response=1").head.status == 303);  // nothing was asked yet
  Browser other{site.portal};
  CHECK(has(other.post(kQuestionPath, "question=55555"), "In use"));
  CHECK(has(site.browser.post(kQuestionPath, "question=12345"), "Gate&#39;s answer 1234. Challenge"));
  CHECK(cookies.at("__Host-sallyport-login") != first);
  CHECK(site.browser.post(kQuestionPath, "question=2").head.status == 303);  // one question, one answer
  CHECK(site.browser.post(kAnswerPath, "response=123").head.status == 303);
  CHECK(site.gatekeeper.asked == std::vector<std::string>{"kim/pw", "?12345", "123"});
  CHECK(site.portal.is_logged_in(site.browser.request("GET", "/")));
}

TEST_CASE("what is no question is asked as an empty one, which no answer follows that lets in") {
  Site site;
  site.gatekeeper.mutual = true;
  site.browser.get(kLoginPath);
  site.browser.post(kLoginPath, "user=kim&password=pw");
  site.browser.post(kQuestionPath, "other=1");
  CHECK(site.gatekeeper.asked.back() == "?");
}

TEST_CASE("a text to be signed stands by itself, and there is room for the signature") {
  Site site;
  const ChallengeText challenge{"gw1",
                                "SHA256:" + std::string(43, 'A'),
                                "g-k7xqm",
                                "kim",
                                "hmc1",
                                {"https"},
                                std::chrono::sys_seconds{1'800'000'000s},
                                std::chrono::sys_seconds{1'800'000'120s},
                                std::string(32, 'a')};
  site.gatekeeper.prompt = *signature_prompt(challenge);
  site.browser.get(kLoginPath);
  const auto page = site.browser.post(kLoginPath, "user=kim&password=pw");
  CHECK(has(page, "Sign to open hmc1 (https) for kim"));
  CHECK(has(page, "readonly>" + *compose(challenge) + "</textarea>"));
  CHECK(has(page, "name=\"response\" rows="));
  CHECK(has(page, to_base64(*compose(challenge))));
  const std::string signature(16'000, '+');
  std::string body = "response=";
  for (std::size_t i = 0; i < signature.size(); ++i) body += "%2B";
  site.browser.post(kAnswerPath, body);
  CHECK(site.gatekeeper.asked.back() == signature);
}

TEST_CASE("a WebAuthn key is asked for by the page's one script, which its policy names by hash") {
  Site site;
  site.gatekeeper.key =
      KeyChallenge{"Sign to open <hmc1>.", std::string(43, 'c'), "gate.example", {"aWQx", "aWQy"}, true};
  site.browser.get(kLoginPath);
  const auto page = site.browser.post(kLoginPath, "user=kim&password=pw");
  CHECK(has(page, "Sign to open &lt;hmc1&gt;."));
  CHECK(has(page, "data-challenge=\"" + std::string(43, 'c') +
                      "\" data-relying-party=\"gate.example\" "
                      "data-credentials=\"aWQx aWQy\" data-user-verification=\"required\""));
  const auto from = page.body.find("<script>") + 8, to = page.body.find("</script>");
  REQUIRE(to != std::string::npos);
  const auto hash = to_base64(*from_hex(Sha256::hex_of(page.body.substr(from, to - from))));
  CHECK(page.head.fields.find("Content-Security-Policy")->find("default-src 'none'; ") == 0);
  CHECK(page.head.fields.find("Content-Security-Policy")->find("; script-src 'sha256-" + hash + "'; ") !=
        std::string::npos);
  CHECK(page.body.find("<script", from) == std::string::npos);
  for (const auto* const handler : {" onclick", " onload", " onsubmit", "javascript:", "eval("})
    CHECK_FALSE(has(page, handler));
  CHECK(has(page, "role=\"alert\""));
  CHECK(has(page, "<noscript>"));
  // Asked for again it is the same; what is posted goes to the gate as it is.
  CHECK(site.browser.get(kLoginPath).body == page.body);
  site.browser.post(kAnswerPath, "response=aWQx.YQ.Yg.Yw");
  CHECK(site.gatekeeper.asked.back() == "aWQx.YQ.Yg.Yw");
}

TEST_CASE("no other page has a script, nor leave for one") {
  Site site;
  for (const auto& page :
       {site.portal.pages().login("x"), site.portal.pages().question(),
        site.portal.pages().challenge("Challenge K7XQM: "), site.portal.pages().status("s", "f", "w"),
        site.portal.pages().ended("x"), site.portal.pages().taken(), site.portal.pages().fault(400, "x")}) {
    CHECK_FALSE(has(page, "<script"));
    CHECK(page.head.fields.find("Content-Security-Policy")->find("script-src") == std::string::npos);
  }
}

TEST_CASE("who has not the session's cookie is a stranger") {
  Site site;
  site.browser.log_in();
  auto request = site.browser.request("GET", "/console");
  REQUIRE(site.portal.is_logged_in(request));
  const auto id = site.browser.cookies.at(std::string{http::kGateCookie});
  for (const auto& cookie :
       {std::string{"__Host-sallyport="}, "__Host-sallyport=" + id.substr(1), "__Host-sallyport=" + id + "x",
        "sallyport=" + id, "__Host-sallyport=" + id + "; __Host-sallyport=" + id}) {
    request.fields.set("Cookie", cookie);
    CHECK_FALSE(site.portal.is_logged_in(request));
  }
  CHECK(site.portal.stranger(request).head.status == 401);
  request.fields.add("Accept", "text/html,*/*");
  CHECK(*site.portal.stranger(request).head.fields.find("Location") == kLoginPath);
}

TEST_CASE("a login page opened beside a session takes nothing from it, and shows nothing of it") {
  Site site;
  site.browser.log_in();
  Browser other{site.portal};
  const auto page = other.get(kLoginPath);
  CHECK(has(page, "In use"));
  CHECK_FALSE(has(page, "s-1"));
  CHECK(other.get(kStatusPath).head.status == 303);
  CHECK(other.post(kLogoutPath).head.status == 303);
  CHECK(other.post(kAnswerPath, "response=1").head.status == 303);
  CHECK(site.portal.is_logged_in(site.browser.request("GET", "/")));
}

TEST_CASE("one challenge at a time; its page comes again to who asked for it, and to nobody else") {
  Site site;
  site.browser.get(kLoginPath);
  site.browser.post(kLoginPath, "user=kim&password=pw");
  CHECK(has(site.browser.get(kLoginPath), "K7XQM"));
  CHECK(has(site.browser.post(kLoginPath, "user=kim&password=other"), "K7XQM"));
  Browser other{site.portal};
  CHECK(has(other.get(kLoginPath), "In use"));
  CHECK(has(other.post(kAnswerPath, "response=1"), "In use"));
  CHECK(site.gatekeeper.asked.size() == 1);
  site.browser.post(kAnswerPath, "response=123");
  CHECK(site.portal.is_logged_in(site.browser.request("GET", "/")));
}

TEST_CASE("forms of another page, of no page or of another site are not taken") {
  Site site;
  CHECK(has(site.browser.post(kLoginPath, "user=kim&password=pw"),
            "Password"));  // without the first page's cookie
  auto forged = site.browser.request("POST", kLoginPath);
  forged.fields.add("Origin", "https://evil.example");
  CHECK(site.browser.send(forged, "user=kim&password=pw").head.status == 403);
  auto plain = site.browser.request("POST", kLoginPath);
  plain.fields.set("Content-Type", "text/plain");
  CHECK(site.browser.send(plain, "user=kim&password=pw").head.status == 400);
  CHECK(site.browser.send(site.browser.request("PUT", kLoginPath)).head.status == 405);
  CHECK(site.browser.get("/.sallyport/other").head.status == 404);
  CHECK(site.gatekeeper.asked.empty());
}

TEST_CASE("a refusal says no more than that, and its ids are worth nothing after") {
  Site site;
  site.gatekeeper.verdict = Gatekeeper::Verdict::try_again;
  site.browser.log_in();
  CHECK(has(site.browser.get(kLoginPath), "Password"));
  CHECK_FALSE(site.portal.is_logged_in(site.browser.request("GET", "/")));
  site.gatekeeper.verdict = Gatekeeper::Verdict::refused;
  site.browser.post(kLoginPath, "user=kim&password=pw");
  CHECK(has(site.browser.post(kAnswerPath, "response=123"), "not admitted"));
  CHECK(site.portal.has_ended());
}

TEST_CASE("the end is told on every page, and no id opens anything after it") {
  Site site;
  site.browser.log_in();
  SECTION("by logging out") {
    CHECK(has(site.browser.post(kLogoutPath), "you have logged out"));
    CHECK(site.gatekeeper.asked.back() == "leave");
  }
  SECTION("by the monitor") {
    site.portal.end("the session has ended: <revoked>");
    CHECK(has(site.portal.stranger(site.browser.request("GET", "/")), "&lt;revoked&gt;"));
  }
  CHECK_FALSE(site.portal.is_logged_in(site.browser.request("GET", "/")));
  CHECK(has(site.browser.get(kStatusPath), "The session has ended"));
  CHECK(has(site.browser.get(kLoginPath), "The session has ended"));
}

TEST_CASE("a session that ended while the way to the target was made does not begin") {
  Site site;
  site.browser.get(kLoginPath);
  site.browser.post(kLoginPath, "user=kim&password=pw");
  REQUIRE_FALSE(site.portal.serve(site.browser.request("POST", kAnswerPath), "response=1"));
  CHECK(has(site.browser.get(kLoginPath), "In use"));
  site.portal.end("revoked");
  CHECK(has(site.portal.entered(Portal::Session{"s-1", "x"}), "revoked"));
  CHECK_FALSE(site.portal.is_logged_in(site.browser.request("GET", "/")));
}

TEST_CASE("the gate's pages are not framed, not kept and run nothing") {
  Site site;
  const auto page = site.browser.get(kLoginPath);
  const auto& fields = page.head.fields;
  CHECK(fields.find("Content-Security-Policy")->starts_with("default-src 'none'; style-src 'sha256-"));
  CHECK(*fields.find("Cache-Control") == "no-store");
  CHECK(*fields.find("X-Frame-Options") == "DENY");
  CHECK(*fields.find("X-Content-Type-Options") == "nosniff");
  CHECK_FALSE(has(page, "<script"));
  for (const auto* part : {"<html lang=\"en\">", "name=\"viewport\"", "<label for=\"user\">",
                           "<label for=\"password\">", "<main>"})
    CHECK(has(page, part));
}
