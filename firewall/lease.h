// Lease: proof in the program that something is open in the kernel; destroying it closes.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <cstdint>
#include <utility>

namespace sallyport {

class Firewall;

class Lease {
 public:
  Lease() noexcept = default;  // holds nothing
  Lease(Firewall& firewall, std::uint64_t id) noexcept : firewall_(&firewall), id_(id) {}
  Lease(Lease&& other) noexcept : firewall_(std::exchange(other.firewall_, nullptr)), id_(other.id_) {}
  Lease& operator=(Lease&& other) noexcept;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { close(); }

  void close() noexcept;
  std::uint64_t id() const noexcept { return id_; }
  explicit operator bool() const noexcept { return firewall_ != nullptr; }

 private:
  Firewall* firewall_ = nullptr;
  std::uint64_t id_ = 0;
};

}  // namespace sallyport
