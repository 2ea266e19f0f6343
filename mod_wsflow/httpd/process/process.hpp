#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "mod_wsflow/base/first_times.hpp"
#include "mod_wsflow/base/patience.hpp"
#include "mod_wsflow/httpd/cluster/cluster_thread.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/process/handshake_room.hpp"
#include "mod_wsflow/httpd/process/limit_numbers.hpp"
#include "mod_wsflow/httpd/process/log_writer.hpp"
#include "mod_wsflow/httpd/process/origin_addresses.hpp"
#include "mod_wsflow/httpd/process/server_log.hpp"
#include "mod_wsflow/httpd/process/worker_share.hpp"
#include "mod_wsflow/limits/wait_thread.hpp"
#include "mod_wsflow/metrics/recorder.hpp"
#include "mod_wsflow/os/blocking_jobs.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/os/tls_sessions.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "mod_wsflow/tunnel/engine.hpp"
#include "mod_wsflow/tunnel/options_table.hpp"

namespace wsflow::httpd {

class Caretaker;
class PassedConnections;
class Presence;

// The state of this module in a child process; a keeper inherits it. The main thread makes it before the
// workers start, and it lives until the process ends. Functions get it as an argument; only those that httpd
// itself calls ask child() for it.
struct Process {
  static constexpr unsigned kTlsThreads = 64;
  static constexpr unsigned kTlsThreadsOfOrigin = 16;
  static constexpr std::size_t kMostTls = 100'000;  // WSFlowMaxHandshakes is the bound
  static constexpr unsigned kNameThreads = 32;
  static constexpr unsigned kThreadsOfName = 1;
  // Names that wait for a thread. Clients may choose names, and leave before they are looked up.
  static constexpr std::size_t kMostNames = 512;

  Process(server_rec* main_server, shm::Layout& layout, shm::ProcessSlot& claimed,
          std::uint32_t most_handshakes) noexcept
      : server(main_server),
        log(main_server),
        segment(layout),
        slot(claimed),
        recorder(claimed),
        rows(layout, claimed),
        workers(worker_bounds(main_server)),
        handshakes(most_handshakes) {}

  server_rec* server;  // borrowed from pconf: the main server
  ServerLog log;
  shm::Layout& segment;    // borrowed from the process pool of the parent
  shm::ProcessSlot& slot;  // borrowed from the segment
  metrics::Recorder recorder;
  shm::TunnelRows rows;
  tunnel::OptionsTable options;
  WorkerShare workers;       // tunnels and handshakes that hold a worker thread
  HandshakeRoom handshakes;  // handshakes that wait for their origins without one
  base::Patience patience;
  // What can only block, by threads of its own: TLS handshakes with origins, and looking up their names.
  os::BlockingJobs tls_jobs{kTlsThreads, kTlsThreadsOfOrigin, kMostTls};
  os::BlockingJobs name_jobs{kNameThreads, kThreadsOfName, kMostNames};
  OriginAddresses addresses{name_jobs};
  os::RandomPool random;
  LogRelay relay;
  base::FirstTimes unreadable_keys;   // the limits of which a key could not be read
  base::FirstTimes hidden_status;     // the virtual hosts where requests for it went elsewhere
  base::FirstTimes refusing_origins;  // what refused handshakes, and how
  os::TlsSessions origin_sessions;    // of our connections to origins
  config::DrainSettings drain;
  std::uint32_t generation = 0;
  shm::Owner httpd;  // the parent process

  // The limits: empty if none is configured, or without a slot to own permits.
  limits::SlotWakeups wakeups;
  std::optional<limits::Limiter> limits;
  LimitNumbers limit_numbers;
  std::optional<limits::WaitThread> wait_thread;  // empty: no request may wait
  std::unique_ptr<ClusterThread> cluster;         // nullptr: no limit with cluster=
  bool can_park = false;                          // the MPM can wait for a connection on our behalf

  std::unique_ptr<LogWriter> log_writer;  // nullptr: no WSFlowLog

  std::optional<tunnel::Engine> engine;  // empty if the MPM has no threads
  // Owned; made and freed by lifecycle/child. nullptr: its thread cannot start.
  Caretaker* caretaker = nullptr;
  // Owned; made by lifecycle/child and never freed. nullptr: no connections are passed on.
  PassedConnections* passing = nullptr;
  // httpd stops while this child is still ending gracefully. Set in a signal handler, read by every thread.
  std::atomic<bool> stop_asked = false;

  // Owned; made by lifecycle/child and never freed. nullptr: nobody is counted.
  Presence* presence = nullptr;

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
// True while httpd is between two generations: it has told the old children to end, and no child of the new
// generation has ever started. (A process's entry in the scoreboard keeps its generation when the process has
// ended.) So it stays if httpd gives the reload up. Any thread.
bool between_generations() noexcept;
// How tunnels end that a stop of httpd ends. Any thread.
base::Outcome outcome_of_stop(const Process& process) noexcept;

}  // namespace wsflow::httpd
