#pragma once

#include <memory>

#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/tunnel/pump.hpp"
#include "mod_wsflow/os/poll_set.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"

namespace wsflow::httpd {

// Runs one tunnel that stays on its worker thread, as an event loop runs many. The tunnel is the same, and
// so are its limits, times and ends; pumps connect it to its peers. That worker thread alone.
class WorkerLoop {
 public:
  // All references are borrowed. `stall`: longest time that bytes may wait for a peer that takes none; 0:
  // for ever.
  WorkerLoop(tunnel::Tunnel& tunnel, Pump& client, Pump& origin, base::Millis stall, Process& process);
  // Tells the status and the log that the tunnel has ended.
  ~WorkerLoop();
  WorkerLoop(const WorkerLoop&) = delete;
  WorkerLoop& operator=(const WorkerLoop&) = delete;

  // Returns when the tunnel has ended and its last bytes have been passed on.
  void run();

 private:
  // Longest time between two rounds of look_after().
  static constexpr base::Millis kRound{1000};
  // Time for a peer to take the last bytes, if nothing else bounds it.
  static constexpr base::Millis kLastBytes{60'000};

  bool done() noexcept;
  void wait() noexcept;
  void look_after();
  void obey(WorkerShare::RunState state);
  void close(std::uint16_t code, base::Outcome outcome);
  void turn();
  void note_losses();
  void end_streams() noexcept;
  void cut_stalled() noexcept;
  tunnel::Deadline deadline() noexcept;
  void meet_deadline();
  void cut() noexcept;
  bool excused(const tunnel::Deadline& due) noexcept;
  base::Instant stalls_at(const Pump& pump) const noexcept;
  void count_waiting(std::uint32_t waiting) noexcept;

  Pump& pump(tunnel::Side side) noexcept { return side == tunnel::Side::client ? client_ : origin_; }

  tunnel::Tunnel& tunnel_;
  Pump& client_;
  Pump& origin_;
  const base::Millis stall_;
  Process& process_;
  os::PollSet polled_;
  std::unique_ptr<std::uint8_t[]> buffer_;  // owned; EventLoop::kReadBuffer
  base::Instant now_ = base::now();
  base::Instant look_at_ = now_ + kRound;
  base::Instant drain_at_ = base::Instant::max();
  base::Instant stop_at_ = base::Instant::max();  // end of the wait of a stop
  WorkerShare::RunState run_state_ = WorkerShare::RunState::none;
  bool more_ = true;   // the tunnel has more to do; at first: httpd may hold bytes already
  bool over_ = false;  // the tunnel has ended
};

}  // namespace wsflow::httpd
