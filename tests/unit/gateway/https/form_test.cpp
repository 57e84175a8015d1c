// Forms and page text. Runs in: unit tests.
#include "gateway/https/form.h"

#include "tests/catch.h"

using namespace sallyport;

namespace {

std::string field(std::string_view body, std::string_view name) {
  const auto value = form_field(body, name);
  return value ? std::string{value->reveal()} : "-";
}

}  // namespace

TEST_CASE("a form's fields are decoded") {
  CHECK(field("user=kim&password=a+b%26%3d%C3%a9%00", "password") == std::string{"a b&=\xc3\xa9\0", 8});
  CHECK(field("user=kim&password=a", "user") == "kim");
  CHECK(field("user=", "user").empty());
  CHECK(field("a=b=c", "a") == "b=c");
}

TEST_CASE("a field that is missing, twice there or not well-formed is none") {
  CHECK(field("", "user") == "-");
  CHECK(field("user", "user") == "-");
  CHECK(field("xuser=kim", "user") == "-");
  CHECK(field("user=kim&user=lee", "user") == "-");
  CHECK(field("user=%", "user") == "-");
  CHECK(field("user=%4", "user") == "-");
  CHECK(field("user=%zz", "user") == "-");
}

TEST_CASE("text in a page is text") {
  CHECK(escape_html("<script>alert(\"x\")&'</script>") ==
        "&lt;script&gt;alert(&quot;x&quot;)&amp;&#39;&lt;/script&gt;");
}
