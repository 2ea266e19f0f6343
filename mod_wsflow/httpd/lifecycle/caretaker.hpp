#pragma once

#include <atomic>
#include <thread>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/housekeeping/origin_load.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/os/descriptor_count.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::httpd {

// Does the work of a process that must not hold up an event loop: reaps dead processes in the shared memory,
// corrects mod_proxy's count of load, works on jobs, writes the log lines of keepers, tells the engine of
// commands and of httpd's order to stop. In a child it has a thread of its own.
class Caretaker {
 public:
  // Longest time that a dead process may stay unnoticed.
  static constexpr base::Millis kRound{1000};

  explicit Caretaker(Process& process) noexcept : process_(process) {}

  // Starts and ends the thread. Main thread.
  bool start();
  void stop() noexcept;

  // Makes the thread stop the engine soon. May be called in a signal handler.
  void ask_for_stop() noexcept;

  // One round, without the relay: reaps and looks for commands. For a process whose main thread does it.
  void look_after();
  // httpd is gone: this process now also works on jobs, which else only the newest generation does.
  // Called by whoever calls look_after().
  void inherit() noexcept { heir_ = true; }

 private:
  void run();
  void warn_of_lost_labels() noexcept;

  Process& process_;  // borrowed; outlives this
  os::Wakeup bell_;   // owned; ends the wait of the thread
  std::atomic<bool> ending_{false};
  OriginLoadRounds origin_load_;     // by whoever calls look_after()
  os::DescriptorCount descriptors_;  // by whoever calls look_after()
  std::uint32_t commands_seen_ = 0;  // by whoever calls look_after()
  bool heir_ = false;                // by whoever calls look_after()
  std::thread thread_;
};

}  // namespace wsflow::httpd
