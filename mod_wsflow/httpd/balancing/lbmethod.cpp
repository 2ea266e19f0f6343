#include "mod_wsflow/httpd/balancing/lbmethod.hpp"

#include <algorithm>
#include <atomic>
#include <span>
#include <vector>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/least_load.hpp"
#include "mod_wsflow/httpd/balancing/member_use.hpp"
#include "mod_wsflow/httpd/balancing/member_work.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/shm/resources.hpp"

namespace wsflow::httpd {

namespace {

constexpr const char* kName = "wsflow";

std::span<proxy_worker*> members_of(const proxy_balancer& balancer) noexcept {
  return {reinterpret_cast<proxy_worker**>(balancer.workers->elts),
          static_cast<std::size_t>(balancer.workers->nelts)};
}

// For mod_proxy, which walks over the members: it passes each one that may be chosen, and takes "better than
// the one before" for an answer. The choice needs all of them first, so they are kept; the first is "best",
// so that mod_proxy ends with the set and the kind (standby, spare) of members that it has found.
int keep(proxy_worker* current, proxy_worker* best, void* baton) noexcept {
  auto& kept = *static_cast<std::vector<proxy_worker*>*>(baton);
  if (kept.size() < kept.capacity()) kept.push_back(current);  // without an allocation: nothing is thrown
  return best == nullptr ? 1 : 0;
}

base::Candidate candidate_of(const Process* process, const proxy_worker* worker, std::int64_t now) noexcept {
  base::Candidate result{.load = std::atomic_ref(worker->s->busy).load(std::memory_order_relaxed),
                         .weight = static_cast<std::uint32_t>(std::max(worker->s->lbfactor, 1))};
  if (process == nullptr) return result;
  if (const auto* member = member_of(*process, worker)) {
    const auto& layout = process->segment;
    result.load = shm::load(layout, member->resource) + shm::elsewhere(layout, member->resource, now);
    result.since = layout.in_use_since[member->resource].load(std::memory_order_relaxed);
  }
  return result;
}

// mod_proxy tries members in error anew while it walks over them: what it will change is noted ahead of it. A
// process of an older generation sees the states that its own mod_proxy has, which are not those of the
// newest.
void note_use(Process& process, const proxy_balancer& balancer) noexcept {
  if (process.segment.generation.load() != process.slot.generation.load()) return;
  for (const auto* worker : members_of(balancer)) {
    if (const auto* member = member_of(process, worker))
      note_member(process.server, *member, process.segment);
  }
}

proxy_worker* find(Process* process, proxy_balancer& balancer, request_rec* r) {
  if (process != nullptr) note_use(*process, balancer);
  std::vector<proxy_worker*> kept;
  kept.reserve(members_of(balancer).size());
  if (ap_proxy_balancer_get_best_worker(&balancer, r, keep, &kept) == nullptr || kept.empty()) return nullptr;
  if (process != nullptr) note_use(*process, balancer);

  const auto now = base::now().time_since_epoch().count();
  std::vector<base::Candidate> candidates;
  candidates.reserve(kept.size());
  for (const auto* worker : kept) candidates.push_back(candidate_of(process, worker, now));
  const base::SlowStart slow_start{.now = now,
                                   .length = config_of(r).slow_start.value_or(kDefaultSlowStart) / 1000};
  const auto random = process != nullptr ? process->random.next64() : os::random64();
  const auto chosen = base::choose(candidates, slow_start, random);
  ap_log_rerror(
      APLOG_MARK, APLOG_DEBUG, 0, r,
      WSFLOGNO(0431) "%s: of %d members that may be chosen %s gets the request, with %" APR_UINT64_T_FMT
                     " tunnels and requests so far",
      balancer.s->name, static_cast<int>(kept.size()), ap_proxy_worker_name(r->pool, kept[chosen]),
      candidates[chosen].load);
  if (process != nullptr) begin_work(*process, r, kept[chosen]);
  return kept[chosen];
}

// The lock of the balancer in this process is held: the next one to choose sees what this one has chosen.
proxy_worker* find_member(proxy_balancer* balancer, request_rec* r) noexcept {
  return guard(r->server, static_cast<proxy_worker*>(nullptr), [&] { return find(child(), *balancer, r); });
}

// It keeps nothing in mod_proxy's memory, so there is nothing to reset, to age or to update.
constexpr proxy_balancer_method kMethod{.name = kName,
                                        .finder = find_member,
                                        .context = nullptr,
                                        .reset = nullptr,
                                        .age = nullptr,
                                        .updatelbstatus = nullptr};

}  // namespace

void register_lbmethod(apr_pool_t* pool) noexcept {
  ap_register_provider(pool, PROXY_LBMETHOD, kName, "0", &kMethod);
}

void count_request(Process& process, request_rec* r, const proxy_worker* worker) noexcept {
  if (worker->balancer != nullptr && worker->balancer->lbmethod == &kMethod) begin_work(process, r, worker);
}

}  // namespace wsflow::httpd
