// What is said of one bad file of /etc/sallyport beside good ones. Runs in: tests.
#pragma once

#include <initializer_list>
#include <string>

#include "tests/catch.h"
#include "tests/unit/policies/folder.h"

namespace sallyport {

// One bad file, the exact complaint.
struct BadFile {
  const char* text;
  const char* complaint;
};

inline void check_each(const char* file, std::initializer_list<BadFile> cases) {
  for (const auto& [text, complaint] : cases) {
    const ConfigFolder folder;
    folder.put(file, text);
    INFO(text);
    CHECK(folder.problems() == std::string{file} + complaint + "\n");
  }
}

inline const std::string kGateTable = "[gate]\nname = \"gate.example\"\naddresses = [\"192.0.2.1\"]\n";

}  // namespace sallyport
