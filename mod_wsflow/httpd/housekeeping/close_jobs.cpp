#include "mod_wsflow/httpd/housekeeping/close_jobs.hpp"

#include <algorithm>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/shared_rate.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/retained_wakeups.hpp"
#include "mod_wsflow/limits/view.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::httpd {

namespace {

// Longest time in which a handshake that passed before its route was closed becomes a tunnel.
constexpr std::int64_t kLate_us = 10'000'000;

// Returns `use(selector)`; std::nullopt if the limits are locked.
template <class Use>
auto with_selector(shm::Layout& layout, const shm::Reading<shm::Job>& job, Use&& use)
    -> std::optional<decltype(use(std::declval<shm::Selector&>()))> {
  auto selector = shm::selector_of(job);
  std::optional<limits::PermitSet> permits;
  if (const auto limit = shm::unpacked(job.facts.limit); !limit.empty()) {
    limits::Key key;
    std::copy(std::begin(job.facts.key), std::end(job.facts.key), key.hash);
    const auto wakeups = retained_wakeups();
    permits = limits::holders_of({shm::limits_table(layout), wakeups}, limit, key);
    if (!permits) return std::nullopt;
    selector.permits = &*permits;
  }
  return use(selector);
}

bool is_done(const shm::Reading<shm::Job>& job) noexcept {
  return job.facts.drains == 0 || base::now_us() - job.since_us() > kLate_us;
}

void log_done(server_rec* server, const shm::Job& job) {
  const std::string route(shm::unpacked(job.route));
  if (job.drains != 0) {
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                 WSFLOGNO(0157) "drained route %s: its last tunnels are told to end", route.c_str());
  } else {
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                 WSFLOGNO(0155) "closing tunnels at %u a second is done: the last are told to end", job.pace);
  }
}

}  // namespace

std::optional<std::size_t> end_matching(shm::Layout& layout, const shm::Reading<shm::Job>& job,
                                        std::size_t most) {
  return with_selector(layout, job, [&](const shm::Selector& selector) {
    return shm::command(layout, selector, most, shm::Command::close, job.facts.code);
  });
}

std::optional<std::uint64_t> count_matching(shm::Layout& layout, const shm::Reading<shm::Job>& job) {
  return with_selector(layout, job, [&](shm::Selector& selector) {
    selector.untold = false;
    return shm::tunnels(layout, {.selector = selector}).matched;
  });
}

void work_on_jobs(server_rec* server, shm::Layout& layout) {
  for (const auto& job : shm::jobs(layout)) {
    const auto now = base::now().time_since_epoch().count();
    auto& ended = layout.jobs.slots[job.slot].ended_ms;
    const auto claim = base::claim_ends(ended, now, static_cast<int>(job.reading.facts.pace));
    if (claim.count == 0) continue;
    const auto told = end_matching(layout, job.reading, claim.count);
    if (!told || *told == claim.count || !is_done(job.reading)) continue;
    if (shm::end_job(layout, job)) log_done(server, job.reading.facts);
  }
}

}  // namespace wsflow::httpd
