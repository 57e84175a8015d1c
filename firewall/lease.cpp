// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "firewall/lease.h"

#include "firewall/firewall.h"

namespace sallyport {

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    close();
    firewall_ = std::exchange(other.firewall_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

void Lease::close() noexcept {
  if (firewall_ != nullptr) std::exchange(firewall_, nullptr)->close(id_);
}

}  // namespace sallyport
