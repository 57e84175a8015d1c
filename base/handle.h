// A C handle owned from birth: using MnlSocket = std::unique_ptr<mnl_socket, FreeWith<mnl_socket_close>>.
// Runs in: every program.
#pragma once

#include <memory>

namespace sallyport {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* handle) const noexcept {
    Free(handle);
  }
};

}  // namespace sallyport
