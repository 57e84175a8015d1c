// Result<T>: a value or an Error. Our functions return it and do not throw. Runs in: every program.
#pragma once

#include <tl/expected.hpp>

#include "base/error.h"

namespace sallyport {

template <class T>
using Result = tl::expected<T, Error>;
using Done = Result<void>;

}  // namespace sallyport

// The two macros of this code base: without them every fallible line is three lines.
#define SALLYPORT_CONCAT_INNER(a, b) a##b
#define SALLYPORT_CONCAT(a, b) SALLYPORT_CONCAT_INNER(a, b)

// RETURN_IF_ERROR(journal.append(record));
#define RETURN_IF_ERROR(expression)                                                   \
  do {                                                                                \
    if (auto sallyport_done = (expression); !sallyport_done)                          \
      return ::tl::unexpected<::sallyport::Error>{std::move(sallyport_done).error()}; \
  } while (false)

// ASSIGN_OR_RETURN(const auto port, parse_port(text));
#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_INNER(SALLYPORT_CONCAT(sallyport_result_, __LINE__), declaration, expression)
#define ASSIGN_OR_RETURN_INNER(result, declaration, expression)                        \
  auto result = (expression);                                                          \
  if (!result) return ::tl::unexpected<::sallyport::Error>{std::move(result).error()}; \
  declaration = *std::move(result)
