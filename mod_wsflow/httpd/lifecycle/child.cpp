#include "mod_wsflow/httpd/lifecycle/child.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/lifecycle/caretaker.hpp"
#include "mod_wsflow/httpd/lifecycle/cluster_start.hpp"
#include "mod_wsflow/httpd/lifecycle/keeper.hpp"
#include "mod_wsflow/httpd/lifecycle/parent.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/httpd/passing/passed_connections.hpp"
#include "mod_wsflow/httpd/presence/presence.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/process/retained_wakeups.hpp"
#include "mod_wsflow/httpd/process/shared_segment.hpp"
#include "mod_wsflow/httpd/process/tunnel_room.hpp"
#include "mod_wsflow/os/pids.hpp"
#include "mod_wsflow/os/socket.hpp"
#include "mod_wsflow/os/stop_signals.hpp"

namespace wsflow::httpd {

namespace {

// Starts the thread of the tunnel log, if there are such logs. Without it, lines are counted as lost.
void start_log_writer(Process& self) {
  if (!has_tunnel_logs(self.server)) return;
  self.log_writer = std::make_unique<LogWriter>(self.recorder, self.log, self.relay, self.segment.generation,
                                                self.generation);
  if (guard(self.server, false, [&] { return self.log_writer->start(); })) return;
  ap_log_error(APLOG_MARK, APLOG_CRIT, errno, self.server,
               WSFLOGNO(0191) "the thread of the tunnel log cannot start: lines of this process are lost");
  self.log_writer.reset();
}

void stop_log_writer(Process& self) noexcept {
  if (self.log_writer) self.log_writer->stop();
}

// The time that the end of a process waits for a look-up of a name that nobody waits for any more.
constexpr base::Millis kJobPatience{200};

// Cleanup at the end of the process. The Process object stays: pools of connections belong to pconf, may die
// later, and look for it.
apr_status_t end_child(void* process) noexcept {
  auto& self = *static_cast<Process*>(process);
  self.ending = true;
  if (self.passing) self.passing->stop();
  if (self.wait_thread) self.wait_thread->stop();
  if (self.cluster) self.cluster->stop();
  self.tls_jobs.stop(kJobPatience);
  self.name_jobs.stop(kJobPatience);
  if (self.caretaker) self.caretaker->stop();
  if (!self.engine) {
    stop_log_writer(self);
    if (self.presence) self.presence->stop();
    return APR_SUCCESS;
  }
  const bool rests = self.graceful && !self.stop_asked && self.presence != nullptr;
  // Its store may take seconds, in which the tunnels go on; and httpd may stop.
  if (rests) self.presence->rest();
  if (self.graceful && !self.stop_asked) {
    self.engine->pause();
    stop_log_writer(self);
    const bool owes = rests && self.presence->owes();
    if ((self.engine->admission().taken() != 0 || owes) && hand_to_keeper(self)) return APR_SUCCESS;
    guard_void(self.server, [&] {
      if (self.log_writer) self.log_writer->start();
      self.engine->start();
    });
    // Other children serve on.
    self.engine->begin_stop(base::Outcome::server_restart);
  }
  if (rests) guard_void(self.server, [&] { self.presence->start(); });
  self.engine->stop();
  stop_log_writer(self);
  if (self.presence) self.presence->stop();
  return APR_SUCCESS;
}

// A child that ends gracefully may still be busy with slow requests when httpd stops: then its tunnels wait
// no longer. The child also sends this signal to itself; that one is ignored.
void on_sigterm(pid_t sender) noexcept {
  if (sender != os::own_pid()) child()->caretaker->ask_for_stop();
}

void drop_caretaker(Process& self) noexcept {
  const std::unique_ptr<Caretaker> dropped(std::exchange(self.caretaker, nullptr));
}

bool start_engine(Process& self, const TunnelRoom& room) {
  const auto& config = config_of(self.server);
  const auto loops = static_cast<unsigned>(config.settings.threads.value_or(1));
  self.engine.emplace(loops, room.tunnels, self.recorder, self.log, tunnel::Engine::kStopTime,
                      static_cast<std::uint64_t>(max_buffered(self.server)), room.spare);
  self.caretaker = std::make_unique<Caretaker>(self).release();
  if (!self.engine->start() || !self.caretaker->start()) return false;
  ap_log_error(APLOG_MARK, APLOG_INFO, 0, self.server, WSFLOGNO(0241) "this child takes %u tunnels: %s",
               room.tunnels, room.bound(self.server->process->pconf));
  return true;
}

// Starts the caretaker of a process without an engine: if the MPM has no threads, nobody else would reap
// dead processes.
void start_caretaker(Process& self) {
  self.caretaker = std::make_unique<Caretaker>(self).release();
  if (!guard(self.server, false, [&] { return self.caretaker->start(); })) drop_caretaker(self);
}

void start_limits(Process& self) {
  const auto slot = shm::index_of(self.segment, self.slot);
  if (!slot) return;
  auto& table = shm::limits_table(self.segment);
  if (elements<LimitConfig*>(config_of(self.server).limits).empty()) {
    // find() takes away the limits of the configuration before.
    const auto all_wakeups = retained_wakeups();
    self.limit_numbers.find(self.server, limits::LimitsAccess(table, all_wakeups));
    return;
  }
  self.wakeups = retained_wakeups();
  self.limits.emplace(table, *slot, self.wakeups);
  self.limit_numbers.find(self.server, *self.limits);
  self.wait_thread.emplace(*self.limits, self.wakeups.fd(*slot));
  if (guard(self.server, false, [&] { return self.wait_thread->start(); })) return;
  ap_log_error(APLOG_MARK, APLOG_CRIT, errno, self.server,
               WSFLOGNO(0012) "the thread of waiting requests cannot start: this child refuses them at once");
  self.wait_thread.reset();
}

// Makes full children pass connections on. Whatever fails, the listener that the MPM has counted stands.
void start_passing(server_rec* server) noexcept {
  if (!add_passed_listener()) return;
  auto* self = child();
  if (self == nullptr || !self->engine) return;
  const bool started = guard(server, false, [&] {
    self->passing = std::make_unique<PassedConnections>(*self).release();
    return self->passing->start();
  });
  if (started) return;
  ap_log_error(
      APLOG_MARK, APLOG_ERR, errno, server,
      WSFLOGNO(0331) "connections cannot be passed on: this child refuses handshakes while it is full");
  self->passing = nullptr;
}

void start(apr_pool_t* pool, server_rec* server) {
  auto* layout = segment();
  if (layout == nullptr) return;
  int generation = 0;
  ap_mpm_query(AP_MPMQ_GENERATION, &generation);
  auto* slot = shm::claim(*layout, shm::Owner::self(), static_cast<std::uint32_t>(generation),
                          apr_time_sec(apr_time_now()));
  if (slot == nullptr) {
    ap_log_error(
        APLOG_MARK, APLOG_CRIT, 0, server,
        WSFLOGNO(0010) "all process slots are taken: this child refuses tunnels and what is limited");
    slot = std::make_unique<shm::ProcessSlot>().release();  // lives as long as the process
    slot->generation.store(static_cast<std::uint32_t>(generation));
  }
  const auto room = tunnel_room(server, os::raise_descriptor_limit());
  auto fresh = std::make_unique<Process>(server, *layout, *slot, most_handshakes(server, room.spare));
  const auto& config = config_of(server);
  slot->max_tunnels.store(room.tunnels, std::memory_order_relaxed);
  slot->claimed_most.store(room.claimed_most, std::memory_order_relaxed);
  fresh->relay = LogRelay::open();
  fresh->drain = config::complete(config.settings.drain, config::kDefaultDrain);
  fresh->generation = static_cast<std::uint32_t>(generation);
  fresh->httpd = shm::Owner::of(os::parent_pid());
  auto& self = *fresh.release();
  set_child(self);
  apr_pool_pre_cleanup_register(pool, &self, end_child);
  start_log_writer(self);
  self.presence = make_presence(self).release();
  if (mpm_has_threads() && !guard(server, false, [&] { return start_engine(self, room); })) {
    ap_log_error(
        APLOG_MARK, APLOG_CRIT, errno, server,
        WSFLOGNO(0011) "the event loops cannot start: tunnels of this child hold a worker thread each");
    if (self.engine) self.engine->stop();
    drop_caretaker(self);
    self.engine.reset();
  }
  if (!self.engine) start_caretaker(self);
  self.can_park = mpm_waits_for_requests() && self.engine;
  start_limits(self);
  start_cluster(self);
}

}  // namespace

void child_init(apr_pool_t* pool, server_rec* server) noexcept {
  guard_void(server, [&] { start(pool, server); });
  start_passing(server);
}

void child_stopping(apr_pool_t*, int graceful) noexcept {
  auto* self = child();
  if (self == nullptr) return;
  self->graceful = graceful != 0;
  self->workers.set_run_state(graceful != 0 ? WorkerShare::RunState::drain : WorkerShare::RunState::stop);
  if (self->passing) self->passing->end_taking();
  if (!self->engine) return;
  if (self->graceful) {
    os::handle_sigterm<on_sigterm>();
  } else {
    self->engine->begin_stop(outcome_of_stop(*self));
    // A call in the main thread is httpd's order to all children: a sick child ends in another thread, or
    // before it has tunnels. The parent tells the keepers when all children are gone, which the peers of our
    // tunnels delay: so this child tells them now.
    if (os::in_main_thread() && self->engine->admission().taken() != 0) end_keepers();
  }
}

}  // namespace wsflow::httpd
