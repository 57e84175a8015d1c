// Runs in: sallyport.
#include "gateway/console/output.h"

#include <iostream>

#include "base/escape.h"

namespace sallyport {

void print(std::string_view text) { std::cout << text << std::flush; }

void print_json(const nlohmann::json& document) { std::cout << json_text(document, 2) << std::endl; }

void report(ConsoleContext& context, const Error& error) {
  if (context.exit_code == exit_code::done) context.exit_code = exit_code::refused;
  if (context.json) return print_json({{"refused", error.message()}});
  // Escaping again what was escaped before would double its backslashes; only what is unsafe needs it.
  std::string line = error.message();
  std::cerr << "sallyport: "
            << (line.find_first_of("\n\r\x1b") == std::string::npos ? line : escape_terminal(line))
            << std::endl;
}

}  // namespace sallyport
