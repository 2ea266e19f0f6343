#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <thread>

#include "mod_wsflow/base/mutex.hpp"
#include "mod_wsflow/httpd/passing/passed_listener.hpp"
#include "mod_wsflow/os/descriptor_queue.hpp"
#include "mod_wsflow/os/exclusive_wait.hpp"
#include "mod_wsflow/os/wakeup.hpp"
#include "mod_wsflow/tunnel/admission.hpp"

namespace wsflow::httpd {

struct Process;

// Passes new connections on to siblings while this child is full, and takes those of siblings over while it
// has room. A thread of its own takes them out of the queue that all children share, and gives them to the
// MPM's listener thread.
class PassedConnections {
 public:
  explicit PassedConnections(Process& process) noexcept;

  // Adds the listener to those of the MPM, and starts and ends the thread. Main thread; start() before the
  // MPM starts its own threads.
  bool start();
  void stop() noexcept;
  // The listener is being closed: what waits goes to the siblings. Any thread.
  void end_taking() noexcept;

  // False while this child has much room: the way of nearly all connections. Any thread.
  bool nearly_full() const noexcept;
  // Puts the connection in the queue, if a sibling has room for it. The caller closes its own descriptor
  // without a shutdown. Worker threads.
  bool pass_on(int fd) noexcept;
  // The next connection that has come from a sibling, on which one is expected (shm/child_room.hpp); none if
  // there is none. Listener thread.
  base::UniqueFd next() noexcept;
  // One connection is not expected any more. Any thread.
  void settle() noexcept;

 private:
  void run();
  void wait_for_mpm() noexcept;
  bool accepting() const noexcept;
  bool takes_more() noexcept;
  void take_and_wait(base::Millis most) noexcept;
  bool take() noexcept;
  void keep(os::QueuedDescriptor& taken) noexcept;
  void wake_another() noexcept;
  void look_after_waiting() noexcept;
  void put_back(bool all) noexcept;

  Process& process_;                   // borrowed; outlives this
  const PassingQueue queue_;           // borrowed; goes with the process
  const std::uint64_t margin_;         // with less room, each connection is looked at
  ap_listen_rec* listener_ = nullptr;  // in pconf; by the main thread, and then by the thread
  int scoreboard_slot_ = -1;           // of this child; by the thread
  base::Instant rests_until_{};        // takes nothing until then: it had no descriptor. By the thread
  os::Wakeup waiting_bell_;            // owned; readable while a connection waits for the listener thread
  os::Wakeup bell_;                    // owned; ends the wait of the thread
  os::ExclusiveWait wait_;             // by the thread
  std::atomic<bool> waits_for_room_{false};   // the bell is to ring when there is room again. By the thread
  const tunnel::Admission::Watcher watcher_;  // of the engine's admission
  std::atomic<bool> ended_taking_{false};
  std::atomic<bool> ending_{false};
  base::Mutex mutex_;
  std::deque<os::QueuedDescriptor> waiting_ WSFLOW_GUARDED_BY(mutex_);  // for the listener thread
  std::thread thread_;
};

}  // namespace wsflow::httpd
