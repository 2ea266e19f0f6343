#include "mod_wsflow/httpd/lifecycle/parent.hpp"

#include <algorithm>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/process/log_relay.hpp"
#include "mod_wsflow/httpd/process/shared_segment.hpp"
#include "mod_wsflow/httpd/retained.hpp"
#include "mod_wsflow/os/member.hpp"
#include "mod_wsflow/os/pids.hpp"
#include "mod_wsflow/os/signal_mask.hpp"
#include "mod_wsflow/os/stop_signals.hpp"
#include "mod_wsflow/shm/keepers.hpp"

namespace wsflow::httpd {

struct AdoptedKeeper {
  apr_proc_t process;  // pid 0: the keeper has ended
  AdoptedKeeper* next;
};

namespace {

constexpr auto kPause = apr_time_from_msec(20);
// Longest wait for keepers that were told to stop: each ends within the time that its engine gives the
// peers.
constexpr base::Millis kPatience{2500};

struct Generation {
  server_rec* server;  // borrowed from pconf
  // Borrowed from the process pool. Kept, as httpd makes a new one for whoever asks at the end.
  const ap_unixd_mpm_retained_data* mpm;
  pid_t parent;  // the pid of the parent: children inherit the pool
};

// The users that children run as, now and in generations whose keepers may still live. Survives reloads.
struct Users {
  static constexpr std::size_t kMost = 16;
  uid_t ids[kMost];  // the newest first
  std::size_t count;
};
Users& users() noexcept {
  return retained<Users>("wsflow-users");
}

void note_user() noexcept {
  // httpd without root's rights changes no user.
  const uid_t user = os::is_root() ? ap_unixd_config.user_id : os::own_user();
  auto& known = users();
  auto* end = known.ids + known.count;
  auto* found = std::find(known.ids, end, user);
  if (found == end) {
    known.count = std::min(known.count + 1, Users::kMost);
    found = known.ids + known.count - 1;
  }
  std::copy_backward(known.ids, found, found + 1);
  known.ids[0] = user;
}

os::NamedProcess named(shm::Owner owner) noexcept {
  return {.pid = static_cast<pid_t>(owner.pid()), .ticks = owner.ticks()};
}

// The keepers that the segment names and the kernel knows as processes of ours.
std::vector<os::NamedProcess> keepers() {
  std::vector<os::NamedProcess> found;
  const std::span known(users().ids, users().count);
  for (const auto& owner : shm::named_keepers(used_slots())) {
    if (os::is_member(named(owner), known)) found.push_back(named(owner));
  }
  return found;
}

void send_to_keepers(os::EndSignal signal) {
  const std::span known(users().ids, users().count);
  for (const auto& keeper : keepers()) os::send_to_member(keeper, known, signal);
}

// Callback of httpd: there is news of an adopted keeper. httpd tells only the first registration of a pid in
// its list, so this one tells the others.
void on_keeper(int reason, void* data, int status) noexcept {
  if (reason != APR_OC_REASON_DEATH) return;
  apr_proc_other_child_unregister(data);
  auto& process = static_cast<AdoptedKeeper*>(data)->process;
  apr_proc_other_child_alert(&process, reason, status);
  process.pid = 0;
}

AdoptedKeeper* free_slot(server_rec* server) noexcept {
  auto*& first = config_of(server).adopted;
  for (auto* each = first; each != nullptr; each = each->next) {
    if (each->process.pid == 0) return each;
  }
  auto* fresh = ::new (apr_palloc(server->process->pconf, sizeof(AdoptedKeeper))) AdoptedKeeper{};
  fresh->next = std::exchange(first, fresh);
  return fresh;
}

void adopt(server_rec* server) {
  const std::span users_of_ours(users().ids, users().count);
  for (const auto& owner : shm::named_keepers(used_slots())) {
    const auto keeper = named(owner);
    if (!os::is_own_child(keeper.pid) || !os::is_member(keeper, users_of_ours)) continue;
    const auto* known = config_of(server).adopted;
    while (known != nullptr && known->process.pid != keeper.pid) known = known->next;
    apr_proc_t process{};
    process.pid = keeper.pid;
    // A process that the MPM waits for is no keeper, whatever the segment says.
    if (known != nullptr || ap_find_child_by_pid(&process) >= 0) continue;
    auto* slot = free_slot(server);
    slot->process = process;
    apr_proc_other_child_register(&slot->process, on_keeper, slot, nullptr, server->process->pconf);
  }
}

// Waits until all keepers are gone or `give_up()` is true, and writes their log lines meanwhile.
template <class GiveUp>
void wait_for_keepers(server_rec* server, GiveUp&& give_up) {
  const auto relay = LogRelay::open();
  while (!keepers().empty() && !give_up()) {
    relay.pass_on(server, nullptr);
    apr_sleep(kPause);
  }
  relay.pass_on(server, nullptr);
}

// Waits for the keepers as httpd waits for its children. httpd leaves `graceful-stop` as soon as its own
// children have ended, and they end as soon as they have left their tunnels to keepers.
void wait_gracefully(server_rec* server) {
  // httpd's own signal handlers do nothing any more.
  const os::BlockSignals blocked;
  const os::StopSignals stop;
  const auto start = base::now();
  const base::Millis most(std::int64_t{ap_graceful_shutdown_timeout} * 1000);
  wait_for_keepers(server, [&] { return stop.take() || (most.count() != 0 && base::now() - start >= most); });
}

void end_generation(const Generation& generation) {
  auto* server = generation.server;
  const bool exiting = ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_EXITING;
  const bool ungraceful = generation.mpm->is_ungraceful != 0;
  if (!exiting && !ungraceful) return;
  if (exiting && !ungraceful) {
    // A configuration that could not even start makes httpd exit too. If a graceful reload has brought it,
    // nobody has told the tunnels to end, and keepers go on by themselves (keeper.cpp).
    const bool served = config_of(server).served;
    if (!served && generation.mpm->was_graceful != 0) return;
    if (served) wait_gracefully(server);
  }
  end_keepers();
  if (!exiting) return;
  const auto give_up_at = base::now() + kPatience;
  wait_for_keepers(server, [&] { return base::now() >= give_up_at; });
  send_to_keepers(os::EndSignal::kill);
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

void child_status(server_rec* server, pid_t, ap_generation_t, int, mpm_child_status state) noexcept {
  if (state == MPM_CHILD_STARTED) config_of(server).served = true;
  if (state == MPM_CHILD_EXITED) adopt_keepers(server);
}

void end_keepers() noexcept {
  guard_void(nullptr, [] { send_to_keepers(os::EndSignal::end); });
}

void watch_end_of_generation(apr_pool_t* pconf, server_rec* server) noexcept {
  note_user();
  auto* data = static_cast<Generation*>(apr_palloc(pconf, sizeof(Generation)));
  *data = {.server = server, .mpm = ap_unixd_mpm_get_retained_data(), .parent = os::own_pid()};
  // This cleanup runs ahead of httpd's own: its signal handlers are still in place.
  apr_pool_pre_cleanup_register(pconf, data, on_end);
}

}  // namespace wsflow::httpd
