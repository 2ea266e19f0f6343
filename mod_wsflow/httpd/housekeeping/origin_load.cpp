#include "mod_wsflow/httpd/housekeeping/origin_load.hpp"

#include <algorithm>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/slow_start.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/process/shared_segment.hpp"
#include "mod_wsflow/shm/resources.hpp"

namespace wsflow::httpd {

namespace {

// FNV-1a.
std::uint64_t hash(std::uint64_t seed, std::string_view text) noexcept {
  for (const char c : text) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return (seed ^ 0xFF) * 0x100000001b3;
}

// The worker's name in mod_proxy's shared memory, without the path of a Unix socket. Names are longer since
// 2.4.53.
const char* name_of(proxy_worker& worker) noexcept {
  return ap_proxy_worker_name(nullptr, &worker);
}

// All workers of all balancers, each once: virtual hosts inherit balancers.
std::vector<proxy_worker*> all_members(server_rec* server) {
  std::vector<proxy_worker*> found;
  for (; server != nullptr; server = server->next) {
    const auto* conf =
        static_cast<proxy_server_conf*>(ap_get_module_config(server->module_config, &proxy_module));
    const auto* balancers = reinterpret_cast<proxy_balancer*>(conf->balancers->elts);
    for (int i = 0; i < conf->balancers->nelts; ++i) {
      auto** workers = reinterpret_cast<proxy_worker**>(balancers[i].workers->elts);
      for (auto* worker : std::span(workers, static_cast<std::size_t>(balancers[i].workers->nelts))) {
        const auto same = [&](const auto* other) { return other->s == worker->s; };
        if (std::none_of(found.begin(), found.end(), same)) found.push_back(worker);
      }
    }
  }
  return found;
}

// One key for each worker. The order tells balancers of one name in several virtual hosts apart.
std::vector<std::uint64_t> keys_of(const std::vector<proxy_worker*>& workers) {
  std::vector<std::uint64_t> keys;
  for (auto* worker : workers) {
    auto key = hash(hash(0xcbf29ce484222325, worker->balancer->s->name), name_of(*worker));
    while (std::find(keys.begin(), keys.end(), key) != keys.end()) key = hash(key, "again");
    keys.push_back(key);
  }
  return keys;
}

std::vector<OriginLoad::Member> resources_of(const std::vector<proxy_worker*>& workers, shm::Layout& layout,
                                             std::int64_t since) {
  std::vector<OriginLoad::Member> members;
  const auto places = shm::name_resources(layout, used_slots(), keys_of(workers),
                                          static_cast<std::uint32_t>(mpm_query(AP_MPMQ_GENERATION)), since);
  for (std::size_t i = 0; i < workers.size(); ++i) {
    auto* worker = workers[i];
    if (!places[i]) continue;
    members.push_back({.resource = *places[i],
                       .worker = worker->s,
                       .name = name_of(*worker),
                       .balancer = worker->balancer->s->name});
  }
  return members;
}

void warn_of_members_without(std::size_t all, std::size_t known, server_rec* server) noexcept {
  if (all == known) return;
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
               WSFLOGNO(0211) "%d of %d members of balancers find no place in the shared memory, which has %d: "
                              "on-worker-down= does not reach their tunnels, and their busy count is wrong after "
                              "reloads; members that are gone make room with their last tunnel, and at "
                              "\"apachectl restart\" at once",
               static_cast<int>(all - known), static_cast<int>(all), static_cast<int>(shm::kResources));
}

void open(apr_pool_t* pconf, server_rec* server, shm::Layout& layout) {
  const auto workers = all_members(server);
  // Where no tunnel is left, no member is behind the others.
  const auto since =
      config_of(server).cold_start ? base::kAlwaysInUse : base::now().time_since_epoch().count();
  const auto members = resources_of(workers, layout, since);
  warn_of_members_without(workers.size(), members.size(), server);
  if (members.empty()) return;
  apr_shm_t* memory = nullptr;
  constexpr auto kBytes = sizeof(OriginLoad::Shared) * shm::kResources;
  if (const auto status = apr_shm_create(&memory, kBytes, nullptr, pconf); status != APR_SUCCESS) {
    ap_log_error(APLOG_MARK, APLOG_WARNING, status, server,
                 WSFLOGNO(0022) "no shared memory for the load of balancer members: tunnels of earlier generations "
                                "and of processes that died are not in their busy count");
    return;
  }
  auto* load = ::new (apr_palloc(pconf, sizeof(OriginLoad))) OriginLoad{};
  load->shared = static_cast<OriginLoad::Shared*>(apr_shm_baseaddr_get(memory));
  load->members = static_cast<OriginLoad::Member*>(
      apr_pmemdup(pconf, members.data(), members.size() * sizeof(OriginLoad::Member)));
  load->count = members.size();
  // A `busy` that mod_proxy kept from the generation before (BalancerPersist) contains our tunnels already.
  for (const auto& member : members) {
    const auto ours = std::min<std::uint64_t>(member.worker->busy, shm::held(used_slots(), member.resource));
    load->shared[member.resource].applied.store(static_cast<std::uint32_t>(ours));
  }
  config_of(server).origin_load = load;
}

}  // namespace

void open_origin_load(apr_pool_t* pconf, server_rec* server, shm::Layout& layout) noexcept {
  guard_void(server, [&] { open(pconf, server, layout); });
}

const OriginLoad::Member* member_of(const Process& process, const proxy_worker* worker) noexcept {
  const auto* load = config_of(process.server).origin_load;
  for (std::size_t i = 0; load != nullptr && i < load->count; ++i) {
    if (load->members[i].worker == worker->s) return &load->members[i];
  }
  return nullptr;
}

std::optional<std::uint32_t> resource_of(const Process& process, const proxy_worker* worker) noexcept {
  const auto* member = member_of(process, worker);
  return member != nullptr ? std::optional(member->resource) : std::nullopt;
}

tunnel::OriginLease enter_origin(Process& process, const proxy_worker* worker) noexcept {
  if (worker->balancer == nullptr) return {};
  tunnel::OriginLease::Counts counts{.busy = &worker->s->busy};
  if (const auto resource = resource_of(process, worker)) {
    counts.held = &process.slot.held[*resource];
    counts.applied = &config_of(process.server).origin_load->shared[*resource].applied;
  }
  return tunnel::OriginLease(counts);
}

void OriginLoadRounds::round(const OriginLoad& load, const shm::Layout& layout) {
  last_.resize(load.count);
  for (std::size_t i = 0; i < load.count; ++i) {
    auto& applied = load.shared[load.members[i].resource].applied;
    const Seen now{.held = shm::held(layout, load.members[i].resource), .applied = applied.load()};
    const bool stays = std::exchange(last_[i], now) == now;
    if (now.held == now.applied || !stays) continue;
    auto expected = now.applied;
    // Another process may correct `busy` at the same time.
    if (!applied.compare_exchange_strong(expected, static_cast<std::uint32_t>(now.held))) continue;
    tunnel::OriginLease::add_busy(load.members[i].worker->busy, static_cast<std::ptrdiff_t>(now.held) -
                                                                    static_cast<std::ptrdiff_t>(now.applied));
  }
}

}  // namespace wsflow::httpd
