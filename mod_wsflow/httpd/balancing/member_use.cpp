#include "mod_wsflow/httpd/balancing/member_use.hpp"

#include <atomic>
#include <span>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/slow_start.hpp"
#include "mod_wsflow/httpd/log.hpp"

namespace wsflow::httpd {

void note_member(server_rec* server, const OriginLoad::Member& member, shm::Layout& layout) noexcept {
  constexpr unsigned kOut = PROXY_WORKER_NOT_USABLE_BITMAP | PROXY_WORKER_DRAIN;
  const auto status = std::atomic_ref(member.worker->status).load(std::memory_order_relaxed);
  auto& since = layout.in_use_since[member.resource];
  if (!base::note_use(since, (status & kOut) == 0, base::now().time_since_epoch().count())) return;
  ap_log_error(APLOG_MARK, APLOG_INFO, 0, server,
               WSFLOGNO(0430) "the worker %s of %s is in use again: lbmethod=wsflow begins slowly with it",
               member.name, member.balancer);
}

void note_members(server_rec* server, const OriginLoad& load, shm::Layout& layout) {
  for (const auto& member : std::span(load.members, load.count)) note_member(server, member, layout);
}

}  // namespace wsflow::httpd
