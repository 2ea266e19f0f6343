#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "mod_wsflow/base/first_times.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/process/limit_numbers.hpp"
#include "mod_wsflow/httpd/process/log_writer.hpp"
#include "mod_wsflow/httpd/process/server_log.hpp"
#include "mod_wsflow/httpd/process/worker_share.hpp"
#include "mod_wsflow/limits/wait_thread.hpp"
#include "mod_wsflow/metrics/recorder.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "mod_wsflow/tunnel/engine.hpp"
#include "mod_wsflow/tunnel/options_table.hpp"

namespace wsflow::httpd {

class Caretaker;

// The state of this module in a child process; a keeper inherits it. The main thread makes it before the
// workers start, and it lives until the process ends. Functions get it as an argument; only those that httpd
// itself calls ask child() for it.
struct Process {
  Process(server_rec* main_server, shm::Layout& layout, shm::ProcessSlot& claimed) noexcept
      : server(main_server),
        log(main_server),
        segment(layout),
        slot(claimed),
        recorder(claimed),
        rows(layout, claimed),
        workers(worker_bounds(main_server)) {}

  server_rec* server;  // borrowed from pconf: the main server
  ServerLog log;
  shm::Layout& segment;    // borrowed from the process pool of the parent
  shm::ProcessSlot& slot;  // borrowed from the segment
  metrics::Recorder recorder;
  shm::TunnelRows rows;
  tunnel::OptionsTable options;
  WorkerShare workers;  // tunnels that hold a worker thread
  LogRelay relay;
  base::FirstTimes unreadable_keys;   // the limits of which a key could not be read
  base::FirstTimes hidden_status;     // the virtual hosts where requests for it went elsewhere
  base::FirstTimes refusing_origins;  // what refused handshakes, and how
  config::DrainSettings drain;
  std::uint32_t generation = 0;
  shm::Owner httpd;  // the parent process

  // The limits: empty if none is configured, or without a slot to own permits.
  limits::SlotWakeups wakeups;
  std::optional<limits::Limiter> limits;
  LimitNumbers limit_numbers;
  std::optional<limits::WaitThread> wait_thread;  // empty: no request may wait
  bool can_park = false;                          // the MPM can wait for a connection on our behalf

  std::unique_ptr<LogWriter> log_writer;  // nullptr: no WSFlowLog

  std::optional<tunnel::Engine> engine;  // empty if the MPM has no threads
  // Owned; made and freed by lifecycle/child. nullptr: its thread cannot start.
  Caretaker* caretaker = nullptr;
  // httpd stops while this child is still ending gracefully. Set in a signal handler, read by every thread.
  std::atomic<bool> stop_asked = false;

  // The child ends for a reload, or to be recycled: its tunnels live on. Set by the thread that begins the
  // end; that is the listener's if the child is recycled. Read by workers, and by the main thread after it
  // has joined that thread.
  std::atomic<bool> graceful = false;
  bool ending = false;  // the workers have ended; set by the main thread
};

// The Process of this child; nullptr outside a child. The module's only pointer of its own, for hooks,
// handlers and cleanups that httpd calls without data of ours.
Process* child() noexcept;
// Sets child(). Main thread, once, before other threads start.
void set_child(Process& process) noexcept;

// True if httpd stops, and not gracefully. httpd closes the connections of its workers first, and calls
// child_stopping() only then. Any thread.
bool httpd_stops(const Process& process) noexcept;
// True if httpd stops gracefully and the MPM has no threads: prefork calls child_stopping() only after its
// last request. Any thread.
bool httpd_stops_gracefully(const Process& process) noexcept;

}  // namespace wsflow::httpd
