#include "mod_wsflow/httpd/parent.hpp"

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/config.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/log_relay.hpp"
#include "mod_wsflow/httpd/segment.hpp"
#include "mod_wsflow/httpd/tunnel_log_lines.hpp"
#include "mod_wsflow/os/process.hpp"
#include "mod_wsflow/os/signal_mask.hpp"
#include "mod_wsflow/os/stop_signals.hpp"
#include "mod_wsflow/shm/fold.hpp"
#include "mod_wsflow/shm/owner.hpp"

namespace wsflow::httpd {

struct AdoptedKeeper {
  apr_proc_t process;  // pid 0: has ended
  AdoptedKeeper* next;
};

namespace {

constexpr auto kPause = apr_time_from_msec(20);
// A keeper ends within the time that its engine gives the peers; then nothing is left to wait for.
constexpr base::Millis kPatience{2500};

struct Generation {
  server_rec* server;  // borrowed from pconf
  // Borrowed from the process pool. At the end httpd makes a new one for whoever asks then.
  const ap_unixd_mpm_retained_data* mpm;
  pid_t parent;  // children inherit the pool
};

std::vector<shm::Owner> keepers(shm::Layout& layout) {
  std::vector<shm::Owner> found;
  for (std::size_t i = 0; i < layout.slots_seen.load(); ++i) {
    const auto& slot = shm::slots(layout)[i];
    const shm::Owner owner{slot.owner.load()};
    const bool keeper = slot.kind.load() == static_cast<std::uint32_t>(shm::ProcessKind::keeper);
    if (keeper && owner.pid() != 0 && !owner.gone()) found.push_back(owner);
  }
  return found;
}

// httpd has news of an adopted keeper.
void on_keeper(int reason, void* data, int) noexcept {
  if (reason != APR_OC_REASON_DEATH) return;
  apr_proc_other_child_unregister(data);
  auto& pid = static_cast<AdoptedKeeper*>(data)->process.pid;
  auto* layout = segment();
  if (layout == nullptr) return;
  shm::LostTunnels lost;
  shm::reclaim(*layout, std::exchange(pid, 0), &lost);
  log_lost_tunnels(ap_server_conf, lost);
}

void adopt(server_rec* server) {
  auto* layout = segment();
  if (layout == nullptr) return;
  auto*& first = config_of(server).adopted;
  auto* pool = server->process->pconf;
  for (const auto& owner : keepers(*layout)) {
    const auto pid = static_cast<pid_t>(owner.pid());
    const auto* known = first;
    while (known != nullptr && known->process.pid != pid) known = known->next;
    if (known != nullptr || !os::is_own_child(pid)) continue;
    first = ::new (apr_palloc(pool, sizeof(AdoptedKeeper))) AdoptedKeeper{.process = {}, .next = first};
    first->process.pid = pid;
    apr_proc_other_child_register(&first->process, on_keeper, first, nullptr, pool);
  }
}

// Until they are all gone or `give_up()`; their log lines are written meanwhile.
template <class GiveUp>
void wait_for(shm::Layout& layout, server_rec* server, GiveUp&& give_up) {
  const auto relay = LogRelay::open();
  while (!keepers(layout).empty() && !give_up()) {
    relay.pass_on(server);
    apr_sleep(kPause);
  }
  relay.pass_on(server);
}

// httpd leaves `graceful-stop` as soon as its own children have ended, and they have as soon as they have
// left their tunnels to keepers. So the keepers' end is awaited here, as httpd would await the children's.
void wait_gracefully(shm::Layout& layout, server_rec* server) {
  // httpd's own handlers do nothing any more.
  const os::BlockSignals blocked;
  const os::StopSignals stop;
  const auto start = base::now();
  const base::Millis most(std::int64_t{ap_graceful_shutdown_timeout} * 1000);
  wait_for(layout, server, [&] { return stop.take() || (most.count() != 0 && base::now() - start >= most); });
}

void end_generation(const Generation& generation) {
  auto* server = generation.server;
  auto* layout = segment();
  if (layout == nullptr) return;
  const bool exiting = ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_EXITING;
  const bool ungraceful = generation.mpm->is_ungraceful != 0;
  // A configuration that could not even start makes httpd exit, too.
  if (exiting && !ungraceful && config_of(server).served) wait_gracefully(*layout, server);
  if (!exiting && !ungraceful) return;
  end_keepers(*layout);
  if (!exiting) return;
  const auto give_up_at = base::now() + kPatience;
  wait_for(*layout, server, [&] { return base::now() >= give_up_at; });
  for (const auto& owner : keepers(*layout)) os::kill(static_cast<pid_t>(owner.pid()));
}

apr_status_t on_end(void* data) noexcept {
  const auto& generation = *static_cast<Generation*>(data);
  if (generation.parent == os::own_pid()) guard_void(generation.server, [&] { end_generation(generation); });
  return APR_SUCCESS;
}

}  // namespace

void adopt_keepers(server_rec* server) noexcept {
  guard_void(server, [&] { adopt(server); });
}

void end_keepers(shm::Layout& layout) noexcept {
  guard_void(nullptr, [&] {
    for (const auto& owner : keepers(layout)) os::terminate(static_cast<pid_t>(owner.pid()));
  });
}

void watch_end_of_generation(apr_pool_t* pconf, server_rec* server) noexcept {
  auto* data = static_cast<Generation*>(apr_palloc(pconf, sizeof(Generation)));
  *data = {.server = server, .mpm = ap_unixd_mpm_get_retained_data(), .parent = os::own_pid()};
  // Ahead of httpd's own cleanups: its signal handlers are still in place.
  apr_pool_pre_cleanup_register(pconf, data, on_end);
}

}  // namespace wsflow::httpd
