// Pure; runs in: sallyportd.
#include "gateway/core/grant.h"

#include <algorithm>

namespace sallyport {

namespace {

constexpr std::array<const char*, 8> kStateNames{"pending", "scheduled", "armed",   "active",
                                                 "expired", "locked",    "revoked", "spent"};

}  // namespace

const char* to_text(GrantState state) noexcept { return kStateNames[static_cast<std::size_t>(state)]; }

std::optional<GrantState> grant_state_from(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kStateNames.size(); ++i)
    if (kStateNames[i] == text) return static_cast<GrantState>(i);
  return std::nullopt;
}

bool offers(const Grant& grant, Carriage door) {
  return std::ranges::any_of(grant.services,
                             [door](const Service& service) { return service.carriage == door; });
}

}  // namespace sallyport
