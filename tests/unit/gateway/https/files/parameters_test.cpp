// Parameters of header fields, file names among them. Runs in: unit tests.
#include "gateway/https/files/parameters.h"

#include "tests/catch.h"

using namespace sallyport::http;

TEST_CASE("a media type is without its parameters and in lower case") {
  CHECK(media_type("Multipart/Form-Data; boundary=x") == "multipart/form-data");
  CHECK(media_type("text/html") == "text/html");
  CHECK(media_type("") == "");
}

TEST_CASE("a file's name is read as RFC 6266 has it") {
  CHECK(file_name("attachment; filename=dump.bin") == "dump.bin");
  CHECK(file_name("attachment; filename=\"a b;c.bin\"; x=y") == "a b;c.bin");
  CHECK(file_name("ATTACHMENT; FileName=\"say \\\"hi\\\"\"") == "say \"hi\"");
  CHECK(file_name("form-data; name=\"f\"; filename=\"C:\\temp\\x\"") == "C:\\temp\\x");
  CHECK(file_name("attachment; filename=\"x\"; filename*=UTF-8''%e2%82%ac%20rates") == "\xe2\x82\xac rates");
  CHECK(file_name("inline; filename=\"\"") == "");
}

TEST_CASE("where there is no name, or none that can be read, there is none") {
  CHECK_FALSE(file_name("attachment"));
  CHECK_FALSE(file_name(""));
  CHECK_FALSE(file_name("attachment; filename=\"open"));
  CHECK_FALSE(file_name("attachment; filename=\"a\"b"));
  CHECK(file_name("attachment; filename*=utf-9''x; filename=y") == "y");
  CHECK(file_name("attachment; filename*=UTF-8''%e; filename=y") == "y");
  CHECK_FALSE(parameter("x; boundary; other=1", "boundary"));
}
