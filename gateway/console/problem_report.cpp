// Runs in: sallyport.
#include "gateway/console/problem_report.h"

#include "gateway/console/output.h"
#include "gateway/console/table.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

Json problems_json(const Problems& problems) {
  Json list = Json::array();
  for (const auto& problem : problems)
    list.push_back({{"file", problem.file.string()}, {"line", problem.line}, {"problem", problem.text}});
  return {{"problems", list}};
}

std::string count_of(const Problems& problems) {
  return problems.size() == 1 ? "1 problem" : fmt::format("{} problems", problems.size());
}

}  // namespace

void report_problems(ConsoleContext& context, const Problems& problems, const char* consequence) {
  context.exit_code = exit_code::refused;
  if (context.json) return print_json(problems_json(problems));
  for (const auto& problem : problems) print(problem.message() + "\n");
  print(fmt::format("{}: {}\n", painted(count_of(problems), Color::bad, context.color), consequence));
}

std::string summary_of(const Problems& problems) {
  return fmt::format("{}, the first: {}", count_of(problems), problems.front().message());
}

}  // namespace sallyport
