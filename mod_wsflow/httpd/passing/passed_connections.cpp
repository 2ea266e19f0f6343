#include "mod_wsflow/httpd/passing/passed_connections.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/httpd/passing/arrival.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/os/pids.hpp"
#include "mod_wsflow/os/signal_mask.hpp"
#include "mod_wsflow/os/thread_name.hpp"
#include "mod_wsflow/shm/child_room.hpp"

namespace wsflow::httpd {

namespace {

constexpr base::Millis kRound{1000};
// The MPM starts its threads within milliseconds.
constexpr base::Millis kStartRound{10};
constexpr base::Millis kBusyRound{50};
// A connection that nobody has taken for so long is taken by anybody: each child was full by the time that it
// came, or those with room do not run. It gets what a full child answers.
constexpr base::Millis kMostPatience{3000};
// Those that one child takes ahead of its listener thread.
constexpr std::size_t kMostWaiting = 16;

// The number of connections that can become tunnels between two looks at the room: a few for each worker.
std::uint64_t margin() noexcept {
  return 64 + 4 * static_cast<std::uint64_t>(std::max(mpm_query(AP_MPMQ_MAX_THREADS), 1));
}

int slot_in_scoreboard() noexcept {
  for (int i = 0;; ++i) {
    const auto* process = ap_get_scoreboard_process(i);
    if (process == nullptr) return -1;
    if (process->pid == os::own_pid()) return i;
  }
}

}  // namespace

PassedConnections::PassedConnections(Process& process) noexcept
    : process_(process),
      queue_(passing_queue()),
      margin_(margin()),
      wait_(queue_.receive, bell_.fd()),
      watcher_{.taken = process.slot.taken,
               .claimed = process.slot.claimed,
               .waits_for_room = waits_for_room_,
               .bell = bell_} {}

bool PassedConnections::start() {
  if (!wait_.valid() || !waiting_bell_.valid()) return false;
  process_.engine->admission().set_watcher(watcher_);
  listener_ = open_passed_listener(process_.server, waiting_bell_.fd());
  if (listener_ == nullptr) return false;
  const os::BlockSignals blocked;
  thread_ = std::thread([this]() noexcept { guard_void(process_.server, [this] { run(); }); });
  os::name_thread(thread_, "wsflow-passed");
  return true;
}

void PassedConnections::stop() noexcept {
  end_taking();
  if (!thread_.joinable()) return;
  ending_.store(true);
  bell_.ring();
  thread_.join();
  waits_for_room_.store(false);
  put_back(true);
}

void PassedConnections::end_taking() noexcept {
  ended_taking_.store(true);
  process_.slot.takes_over.store(0);
  bell_.ring();
}

bool PassedConnections::nearly_full() const noexcept {
  return !shm::has_much_room(process_.slot, margin_);
}

bool PassedConnections::pass_on(int fd) noexcept {
  if (!shm::sibling_has_room(process_.segment, process_.slot)) return false;
  if (!os::put_descriptor(queue_.send, fd, base::now())) return false;
  process_.recorder.add(metrics::kConnectionsPassed);
  return true;
}

base::UniqueFd PassedConnections::next() noexcept {
  const base::MutexLock lock(mutex_);
  base::UniqueFd fd;
  if (!waiting_.empty()) {
    fd = std::move(waiting_.front().fd);
    waiting_.pop_front();
  }
  if (waiting_.empty()) waiting_bell_.clear();
  return fd;
}

// The MPM sets its own accept function when it sets up what it polls, behind child_init. Ours takes its place
// before anything can be accepted here: only run() puts connections in.
void PassedConnections::wait_for_mpm() noexcept {
  const std::atomic_ref accept(listener_->accept_func);
  while (!ending_.load() && accept.load() == nullptr) {
    wait_.wait(kStartRound);
    bell_.clear();
  }
  accept.store(accept_passed_connection);
  scoreboard_slot_ = slot_in_scoreboard();
}

// False while the MPM accepts nothing, because its workers are busy.
bool PassedConnections::accepting() const noexcept {
  return scoreboard_slot_ < 0 || ap_get_scoreboard_process(scoreboard_slot_)->not_accepting == 0;
}

bool PassedConnections::takes_more() noexcept {
  const bool newest = process_.segment.generation.load() == process_.slot.generation.load();
  if (ended_taking_.load() || !newest || !accepting() || base::now() < rests_until_) return false;
  const base::MutexLock lock(mutex_);
  return waiting_.size() < kMostWaiting;
}

// The kernel may have woken this thread alone, for what it does not take.
void PassedConnections::wake_another() noexcept {
  auto taken = os::take_descriptor(queue_.receive);
  if (!taken || os::put_descriptor(queue_.send, taken->fd.get(), taken->since)) return;
  process_.slot.expected.fetch_add(1);
  keep(*taken);
}

// Takes what waits, as far as there is room, and waits for more: for room, if there is none.
void PassedConnections::take_and_wait(base::Millis most) noexcept {
  while (takes_more() && os::oldest_descriptor(queue_.receive) && shm::expect(process_.slot)) {
    if (!take()) break;
  }
  const bool more = takes_more();
  waits_for_room_.store(more);
  const bool room = shm::has_room(process_.slot);
  if (room) waits_for_room_.store(false);
  if (wait_.watch_shared(more && room)) wake_another();
  // Nobody tells when the listener thread has caught up.
  wait_.wait(more || ended_taking_.load() ? most : std::min(most, kBusyRound));
  bell_.clear();
}

void PassedConnections::settle() noexcept {
  shm::settle(process_.slot);
  if (waits_for_room_.load()) bell_.ring();
}

// Pre: one is expected. False: another child was faster, or this one has no descriptors left; then it stops
// looking for a moment, as the queue would keep it awake.
bool PassedConnections::take() noexcept {
  if (auto taken = os::take_descriptor(queue_.receive)) {
    keep(*taken);
    return true;
  }
  shm::settle(process_.slot);
  if (os::oldest_descriptor(queue_.receive)) rests_until_ = base::now() + kBusyRound;
  return false;
}

// Keeps a connection for the listener thread. Pre: one is expected.
void PassedConnections::keep(os::QueuedDescriptor& taken) noexcept {
  const bool kept = guard(process_.server, false, [&] {
    const base::MutexLock lock(mutex_);
    waiting_.push_back(std::move(taken));
    waiting_bell_.ring();
    return true;
  });
  if (!kept) shm::settle(process_.slot);
}

// Gives waiting connections back to the siblings: all, or those that wait for long.
void PassedConnections::put_back(bool all) noexcept {
  const auto old = base::now() - kRound;
  const base::MutexLock lock(mutex_);
  while (!waiting_.empty() && (all || waiting_.front().since < old)) {
    const auto& first = waiting_.front();
    if (!os::put_descriptor(queue_.send, first.fd.get(), first.since)) break;
    waiting_.pop_front();
    shm::settle(process_.slot);
  }
  if (waiting_.empty()) waiting_bell_.clear();
}

// Nothing may wait for ever.
void PassedConnections::look_after_waiting() noexcept {
  if (ended_taking_.load() || !accepting()) {
    put_back(ended_taking_.load());
    return;
  }
  const auto since = os::oldest_descriptor(queue_.receive);
  if (!since || base::now() - *since < kMostPatience || !takes_more()) return;
  process_.slot.expected.fetch_add(1);
  take();
}

void PassedConnections::run() {
  wait_for_mpm();
  process_.slot.takes_over.store(1);
  ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, process_.server,
               WSFLOGNO(0332) "this child takes connections of full siblings over");
  if (ended_taking_.load()) process_.slot.takes_over.store(0);
  auto next_round = base::now() + kRound;
  while (!ending_.load()) {
    take_and_wait(next_round - base::now());
    if (base::now() < next_round && !ended_taking_.load()) continue;
    next_round = base::now() + kRound;
    look_after_waiting();
  }
}

}  // namespace wsflow::httpd
