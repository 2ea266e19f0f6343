#include "mod_wsflow/httpd/limits/hold.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "mod_wsflow/httpd/limits/last_byte.hpp"
#include "mod_wsflow/httpd/request/request_state.hpp"

namespace wsflow::httpd {

namespace {

// True for the answers of mod_proxy and CGI when the origin is in trouble.
bool origin_failed(int status) noexcept {
  return status == HTTP_BAD_GATEWAY || status == HTTP_SERVICE_UNAVAILABLE || status == HTTP_GATEWAY_TIME_OUT;
}

apr_status_t destroy(void* hold) noexcept {
  std::destroy_at(static_cast<LimitHold*>(hold));
  return APR_SUCCESS;
}

}  // namespace

void LimitHold::give_back() noexcept {
  const auto mine = std::exchange(permit, {});
  if (!mine) return;
  const auto now = limits::now();
  limits::LimitRefusal refused;
  if (limiter.state(mine) == limits::PermitState::waiting &&
      limiter.withdraw(mine, limits::LimitReason::client_gone, now, refused))
    return;
  if (origin_failed(r->status)) limiter.failed(mine);
  limiter.release(mine, now);
}

bool LimitHold::has(limits::LimitNumber limit) const noexcept {
  return std::find(limits.begin(), limits.begin() + count, limit) != limits.begin() + count;
}

LimitHold& make_hold(request_rec* r, limits::Limiter& limiter, limits::PermitRef permit) noexcept {
  auto* hold = ::new (apr_palloc(r->pool, sizeof(LimitHold))) LimitHold(limiter, permit, r);
  // The pools below `r->pool` die before this cleanup runs: none may outlive the permit under which it
  // works.
  apr_pool_cleanup_register(r->pool, hold, destroy, apr_pool_cleanup_null);
  state_of(r).hold = hold;
  watch_last_byte(r, *hold);
  return *hold;
}

limits::PermitLease take_permit(request_rec* r) noexcept {
  auto* hold = state_of(r).hold;
  if (hold == nullptr || !hold->permit) return {};
  return {hold->limiter, std::exchange(hold->permit, {})};
}

void note_first_byte(request_rec* r) noexcept {
  const auto* hold = state_of(r).hold;
  if (hold != nullptr && hold->permit) hold->limiter.first_byte(hold->permit, limits::now());
}

}  // namespace wsflow::httpd
