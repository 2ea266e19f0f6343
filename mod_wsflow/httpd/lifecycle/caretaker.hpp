#pragma once

#include <atomic>
#include <thread>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/housekeeping/origin_load.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::httpd {

// What a process does beside its tunnels, and what must not hold up an event loop: it reclaims what dead
// processes have left in the shared memory, keeps mod_proxy's count of load right, writes the log lines of
// keepers, tells the engine of commands, and of httpd's order to stop. In a child it is a thread of its own.
class Caretaker {
 public:
  // How long a dead process may stay unnoticed.
  static constexpr base::Millis kRound{1000};

  explicit Caretaker(Process& process) noexcept : process_(process) {}

  // Starts and ends the thread. Main thread.
  bool start();
  void stop() noexcept;

  // The engine is to stop: done by the thread, soon. May be called in a signal handler.
  void ask_for_stop() noexcept;

  // One round, without the relay: reaps and looks for commands. For a process whose main thread does it.
  void look_after();
  // httpd is gone: what only processes of the newest generation do for operators is this one's, too. Whoever
  // calls look_after().
  void inherit() noexcept { heir_ = true; }

 private:
  void run();
  void warn_of_lost_labels() noexcept;

  Process& process_;  // borrowed; outlives this
  os::Wakeup bell_;   // owned; ends the wait of the thread
  std::atomic<bool> ending_{false};
  OriginLoadRounds origin_load_;     // by whoever calls look_after()
  std::uint32_t commands_seen_ = 0;  // by whoever calls look_after()
  bool heir_ = false;                // by whoever calls look_after()
  std::thread thread_;
};

}  // namespace wsflow::httpd
