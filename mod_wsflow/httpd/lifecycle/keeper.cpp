#include "mod_wsflow/httpd/lifecycle/keeper.hpp"

#include <cerrno>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/lifecycle/caretaker.hpp"
#include "mod_wsflow/httpd/lifecycle/cluster_start.hpp"
#include "mod_wsflow/httpd/presence/presence.hpp"
#include "mod_wsflow/os/descriptors.hpp"
#include "mod_wsflow/os/fork.hpp"
#include "mod_wsflow/os/pids.hpp"
#include "mod_wsflow/os/process_title.hpp"
#include "mod_wsflow/os/signal_mask.hpp"
#include "mod_wsflow/os/stop_signals.hpp"
#include "mod_wsflow/os/wait.hpp"
#include "mod_wsflow/shm/reaper.hpp"

namespace wsflow::httpd {

namespace {

using base::LogLevel;

// Longest time that a child waits for its keeper to take over, which is a matter of milliseconds.
constexpr base::Millis kTakeOver{5000};
// Time for the last tunnels to end after the window of the drain.
constexpr base::Millis kLastOnes{60'000};
// A keeper without tunnels waits for a presence store that fails; what it could not store then is lost.
constexpr base::Millis kStorePatience{600'000};

void add_log_descriptors(std::vector<int>& to, const server_rec* main_server) {
  for (const auto* server = main_server; server != nullptr; server = server->next) {
    apr_os_file_t fd = -1;
    if (server->error_log != nullptr && apr_os_file_get(&fd, server->error_log) == APR_SUCCESS)
      to.push_back(fd);
  }
}

// A keeper process: one thread beside the event loops.
class Keeper {
 public:
  Keeper(Process& process, base::UniqueFd ready) noexcept
      : process_(process), ready_(std::move(ready)), started_(base::now()) {}

  // Takes the tunnels over from the child, which is `parent`, and tells it so. False if they are not ours.
  bool take_over(shm::Owner parent);
  // Returns when the last tunnel has ended, or httpd has.
  void run();

 private:
  bool idle() const noexcept { return process_.engine->admission().taken() == 0; }
  bool is_done() noexcept;
  void follow_schedule();
  const char* reason_to_stop() noexcept;
  void go_on_alone() noexcept;
  void show_title(const char* behind) const noexcept;

  Process& process_;      // borrowed
  base::UniqueFd ready_;  // owned; the child waits for a byte
  os::StopSignals signals_;
  os::Wakeup idle_bell_;
  base::Instant started_;
  base::Instant idle_since_{};  // without tunnels; none while there are some
  bool draining_ = false;
  bool alone_ = false;  // httpd is gone, and has not stopped
};

// Sets the title that ps shows.
void Keeper::show_title(const char* behind) const noexcept {
  base::Text<64> title;
  title << "wsflow: keeper of generation " << process_.generation << behind;
  os::set_process_title(title.view(), "wsflow-keeper");
}

bool Keeper::take_over(shm::Owner parent) {
  const auto self = shm::Owner::self();
  if (!shm::transfer(process_.slot, parent, self, shm::ProcessKind::keeper)) return false;
  os::close_syslog();

  auto keep = process_.engine->descriptors();
  add_log_descriptors(keep, process_.server);
  // Piped logs end with their generation.
  add_tunnel_log_descriptors(keep, process_.server,
                             process_.segment.generation.load() == process_.generation);
  for (const int fd : {0, 1, 2, ready_.get(), signals_.fd(), idle_bell_.fd()}) keep.push_back(fd);
  for (const int fd : {process_.relay.write_fd(), process_.relay.read_fd()}) keep.push_back(fd);
  for (std::uint32_t bell = 0; bell < limits::SlotWakeups::kCount; ++bell)
    keep.push_back(process_.wakeups.fd(bell));
  os::close_all_except(std::move(keep));

  show_title("");
  process_.log.relay_through(process_.relay, process_.segment.generation, process_.generation);
  process_.engine->set_idle_bell(idle_bell_);
  if (process_.log_writer) {
    // The child's log writer is left as it is: its descriptors are gone, and a thread of the child may hang
    // in it.
    [[maybe_unused]] const auto* left = process_.log_writer.release();
    process_.log_writer = std::make_unique<LogWriter>(process_.recorder, process_.log, process_.relay,
                                                      process_.segment.generation, process_.generation);
    if (!process_.log_writer->start()) return false;
  }
  if (process_.presence && !process_.presence->start_in_keeper()) return false;
  if (!signals_.valid() || !idle_bell_.valid() || !process_.engine->start()) return false;
  start_cluster(process_);
  if (!os::send_byte(ready_.get())) return false;
  ready_.reset();
  return true;
}

void Keeper::follow_schedule() {
  const auto deadline = base::Millis(apr_time_as_msec(process_.drain.deadline));
  if (deadline.count() == 0 || draining_ || base::now() < started_ + deadline) return;
  draining_ = true;
  base::Text<128> line;
  line << "the drain deadline has passed: Close " << process_.drain.code << " to "
       << process_.slot.active.load(std::memory_order_relaxed) << " tunnels";
  process_.log.write(LogLevel::info, 132, 0, line.view(), nullptr);
  process_.engine->drain(static_cast<std::uint16_t>(process_.drain.code),
                         base::Millis(apr_time_as_msec(process_.drain.window)));
}

// Goes on without httpd until the last tunnel has ended, the drain is over, or somebody sends SIGTERM. The
// next httpd knows nothing of this keeper: it has other memory, limits and logs.
void Keeper::go_on_alone() noexcept {
  alone_ = true;
  show_title(", httpd has gone");
  process_.relay.end(process_.server, process_.log_writer.get());
  process_.caretaker->inherit();
  base::Text<160> line;
  line << "httpd has given up while it read its configuration: the keeper goes on with "
       << process_.slot.active.load(std::memory_order_relaxed) << " tunnels; SIGTERM ends them";
  process_.log.write(LogLevel::warning, 230, 0, line.view(), nullptr);
}

const char* Keeper::reason_to_stop() noexcept {
  if (signals_.take()) return "httpd stops";
  if (!alone_ && process_.httpd.gone()) {
    // httpd may give a graceful reload up at any place, before or behind this module's part of it, or without
    // it: a certificate, a log file, a port.
    if (!between_generations()) return "httpd is gone";
    go_on_alone();
  }
  if (process_.slot.owner.load() != shm::Owner::self().word)
    return "its place in the shared memory was taken";
  const auto span = apr_time_as_msec(process_.drain.deadline + process_.drain.window);
  if (draining_ && base::now() > started_ + base::Millis(span) + kLastOnes) return "the drain is over";
  return nullptr;
}

// It has nothing to do, or has waited long enough for the store to take what its tunnels have left.
bool Keeper::is_done() noexcept {
  if (!idle()) {
    idle_since_ = {};
    return false;
  }
  if (!process_.presence || !process_.presence->owes()) return true;
  const auto now = base::now();
  if (idle_since_ == base::Instant{}) idle_since_ = now;
  return now - idle_since_ >= kStorePatience;
}

void Keeper::run() {
  const char* reason = nullptr;
  while (!is_done() && reason == nullptr) {
    os::wait_readable({signals_.fd(), idle_bell_.fd()}, Caretaker::kRound);
    idle_bell_.clear();
    process_.caretaker->look_after();
    follow_schedule();
    reason = reason_to_stop();
  }
  process_.engine->begin_stop(outcome_of_stop(process_));
  process_.engine->stop();
  if (process_.cluster) process_.cluster->stop();
  if (process_.log_writer) process_.log_writer->stop();
  if (process_.presence) process_.presence->stop();
  base::Text<128> line;
  line << "the keeper ends: " << (reason != nullptr ? reason : "its last tunnel has ended");
  process_.log.write(LogLevel::info, 133, 0, line.view(), nullptr);
}

// Runs a keeper. Never returns into httpd, and runs none of its cleanups: they clean what belongs to others.
[[noreturn]] void live_as_keeper(Process& process, shm::Owner parent, base::UniqueFd ready) noexcept {
  const bool lived = guard(process.server, false, [&] {
    Keeper keeper(process, std::move(ready));
    if (!keeper.take_over(parent)) return false;
    keeper.run();
    return true;
  });
  if (!lived) os::leave(1);  // without the byte the child takes its tunnels back
  shm::reap(process.segment, process.slot, shm::Owner::self());
  os::leave(0);
}

bool fork_keeper(Process& process) {
  const auto self = shm::Owner::self();
  auto pipe = os::make_pipe();
  if (!pipe) return false;
  // A lock that one of these threads holds would stay locked in the keeper for ever.
  if (const auto threads = os::thread_count(); threads > 1) {
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, process.server,
                 WSFLOGNO(0134) "%" APR_UINT64_T_FMT
                                " threads of other modules outlive the workers; the keeper "
                                "goes on without them",
                 threads - 1);
  }
  const auto pid = os::fork_process();
  if (pid < 0) return false;
  if (pid == 0) {
    pipe->reader.reset();
    live_as_keeper(process, self, std::move(pipe->writer));
  }
  pipe->writer.reset();
  if (os::wait_for_byte(pipe->reader.get(), kTakeOver)) {
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, process.server,
                 WSFLOGNO(0130) "keeper %d goes on with %" APR_UINT64_T_FMT " tunnels of this child",
                 static_cast<int>(pid), process.slot.active.load(std::memory_order_relaxed));
    return true;
  }
  // It did not get far enough to touch a tunnel, or it is stuck: they are ours again. First the slot, so that
  // nobody reaps it; once more, as the keeper may just have taken it.
  const auto take_back = [&] {
    shm::transfer(process.slot, shm::Owner{process.slot.owner.load()}, self, shm::ProcessKind::child);
  };
  take_back();
  os::kill_child(pid);
  take_back();
  errno = 0;
  return false;
}

}  // namespace

bool hand_to_keeper(Process& process) noexcept {
  const os::BlockSignals blocked;  // the keeper starts with none of httpd's signal handlers at work
  return guard(process.server, false, [&] {
    if (fork_keeper(process)) return true;
    ap_log_error(APLOG_MARK, APLOG_ERR, errno, process.server,
                 WSFLOGNO(0131) "cannot fork a keeper: the tunnels of this child are closed");
    return false;
  });
}

}  // namespace wsflow::httpd
