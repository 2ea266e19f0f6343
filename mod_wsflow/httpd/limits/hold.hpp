#pragma once

#include <array>
#include <cstdint>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::httpd {

// The permit of one request, held or awaited. Made in the request's pool. Given back when the last byte of
// the answer goes out, or else when the pool dies. Touched only by the thread that has the request.
struct LimitHold {
  LimitHold(limits::Limiter& its_limiter, limits::PermitRef its_permit, request_rec* its_request) noexcept
      : limiter(its_limiter), permit(its_permit), r(its_request) {}
  ~LimitHold() { give_back(); }
  LimitHold(const LimitHold&) = delete;
  LimitHold& operator=(const LimitHold&) = delete;

  bool has(limits::LimitNumber limit) const noexcept;
  // Ends a wait that nobody else has ended, and gives a permit back; once.
  void give_back() noexcept;

  limits::Limiter& limiter;  // borrowed from the process
  limits::PermitRef permit;  // none: given back
  request_rec* r;            // borrowed: its status tells whether the origin failed
  std::array<limits::LimitNumber, limits::kPerRequest> limits{};
  unsigned count = 0;
};

// A hold in the pool of `r`, of which `limits` are known by number.
LimitHold& make_hold(request_rec* r, limits::Limiter& limiter, limits::PermitRef permit) noexcept;
// What `r` holds goes to whoever outlives it.
limits::PermitLease take_permit(request_rec* r) noexcept;
// Notes that `r` gets its first byte, or its 101, now.
void note_first_byte(request_rec* r) noexcept;

}  // namespace wsflow::httpd
