#include "mod_wsflow/httpd/housekeeping/worker_down.hpp"

#include <algorithm>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/shared_rate.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/shm/resources.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"
#include "mod_wsflow/ws/close_code.hpp"

namespace wsflow::httpd {

namespace {

struct Cause {
  unsigned status;  // bits of mod_proxy's
  const char* name;
  std::uint16_t code;
};
// The first cause that applies counts. 1014: the server behind the gateway has failed. 1012: somebody took
// it out of service, and a client finds another one when it comes again.
constexpr Cause kCauses[] = {
    {PROXY_WORKER_IN_ERROR, "in error", ws::close_code::kBadGateway},
    {PROXY_WORKER_HC_FAIL, "failed by its health check", ws::close_code::kBadGateway},
    {PROXY_WORKER_STOPPED, "stopped", ws::close_code::kServiceRestart},
    {PROXY_WORKER_DISABLED | PROXY_WORKER_IN_SHUTDOWN, "disabled", ws::close_code::kServiceRestart},
    {PROXY_WORKER_DRAIN, "drained", ws::close_code::kServiceRestart},
};

const Cause* why_down(proxy_worker_shared& worker) noexcept {
  const auto status = std::atomic_ref(worker.status).load(std::memory_order_relaxed);
  const auto* cause = std::find_if(std::begin(kCauses), std::end(kCauses),
                                   [&](const Cause& each) { return (status & each.status) != 0; });
  return cause != std::end(kCauses) ? cause : nullptr;
}

void end_some(server_rec* server, const OriginLoad::Member& member, std::atomic<std::int64_t>& last,
              shm::Layout& layout, int pace) {
  const auto* cause = why_down(*member.worker);
  if (cause == nullptr) {
    if (last.load() == 0 || last.exchange(0) == 0) return;
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                 WSFLOGNO(0177) "the worker %s of %s is in use again: its tunnels stay", member.name,
                 member.balancer);
    return;
  }
  const auto claim = base::claim_ends(last, base::now().time_since_epoch().count(), pace);
  if (claim.begins) {
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                 WSFLOGNO(0176) "the worker %s of %s is %s: Close %d to its %" APR_UINT64_T_FMT
                                " tunnels, %d a second",
                 member.name, member.balancer, cause->name, cause->code, shm::held(layout, member.resource),
                 pace);
  }
  shm::command(layout, {.resource = member.resource, .untold = true}, claim.count, shm::Command::close,
               cause->code);
}

}  // namespace

void end_tunnels_of_workers_down(server_rec* server, const OriginLoad& load, shm::Layout& layout) {
  const int pace = config_of(server).settings.drain.worker_down.value_or(config::kDefaultDrain.worker_down);
  if (pace <= 0) return;
  for (std::size_t i = 0; i < load.count; ++i) {
    const auto& member = load.members[i];
    end_some(server, member, load.shared[member.resource].down, layout, pace);
  }
}

}  // namespace wsflow::httpd
