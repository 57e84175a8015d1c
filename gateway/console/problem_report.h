// What is wrong in files, for people and scripts. Runs in: sallyport.
#pragma once

#include "gateway/console/context.h"
#include "policies/catalogue.h"

namespace sallyport {

// Each problem with its file and line, and what follows from them; sets the exit code.
void report_problems(ConsoleContext& context, const Problems& problems, const char* consequence);
// Of problems that are only in the way: how many there are, and the first.
std::string summary_of(const Problems& problems);

}  // namespace sallyport
