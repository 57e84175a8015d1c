// Strong<Tag, T>: a value that cannot be mistaken for another of the same shape. Runs in: every program.
#pragma once

#include <compare>
#include <functional>
#include <utility>

namespace sallyport {

template <class Tag, class T>
class Strong {
 public:
  Strong() = default;
  explicit Strong(T value) : value_(std::move(value)) {}
  const T& value() const noexcept { return value_; }
  auto operator<=>(const Strong&) const = default;

 private:
  T value_{};
};

}  // namespace sallyport

template <class Tag, class T>
struct std::hash<sallyport::Strong<Tag, T>> {
  std::size_t operator()(const sallyport::Strong<Tag, T>& strong) const noexcept {
    return std::hash<T>{}(strong.value());
  }
};
