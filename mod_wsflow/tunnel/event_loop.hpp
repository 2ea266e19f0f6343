#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "mod_wsflow/base/log_sink.hpp"
#include "mod_wsflow/base/thread_owner.hpp"
#include "mod_wsflow/metrics/recorder.hpp"
#include "mod_wsflow/os/poller.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/tunnel/drain_schedule.hpp"
#include "mod_wsflow/tunnel/inbox.hpp"
#include "mod_wsflow/tunnel/origin_losses.hpp"
#include "mod_wsflow/tunnel/pipe_pool.hpp"
#include "mod_wsflow/tunnel/timer_wheel.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"

namespace wsflow::tunnel {

// The loop of one thread: waits for events, relays, ends tunnels. It owns its tunnels; no other thread
// touches them while it runs.
class EventLoop {
 public:
  // One system call reads a frame of 64 KiB with its header.
  static constexpr std::size_t kReadBuffer = 65UL * 1024;
  // A tunnel relays at most this much in one direction before the others have their turn.
  static constexpr std::size_t kBudget = 4 * kReadBuffer;
  // The rows of busy tunnels in the shared table are at most this old.
  static constexpr base::Millis kShowInterval{1000};
  // Options of new sockets cost system calls: so many tunnels get them at once, others a second later.
  static constexpr unsigned kGuards = 2048;

  // `stop_time`: a stop waits this long for peers to take their Close frame and to end. `max_buffered`: while
  // more bytes than this wait in the process, a side for which many wait gets no more; 0: no bound.
  EventLoop(const BIO_METHOD* bio_method, base::Millis stop_time, metrics::Recorder& recorder,
            base::LogSink& log, std::uint64_t max_buffered, base::WallClock wall_clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  bool valid() const noexcept { return poller_.valid() && inbox_.valid(); }
  Inbox& inbox() noexcept { return inbox_; }

  // Appends the descriptors that the loop and its tunnels need. While no thread runs the loop.
  void add_descriptors(std::vector<int>& to);
  // The loop rings `bell`, which it borrows, whenever its last tunnel has ended. While no thread runs the
  // loop.
  void set_idle_bell(const os::Wakeup* bell) noexcept {
    WSFLOW_ASSERT(thread_.none());
    idle_bell_ = bell;
  }

  // Runs until the inbox says pause or stop. A pause leaves everything for the next run; a stop closes every
  // tunnel.
  void run();
  // The main function of a loop's thread: calls run(), and ends the loop with a log line on an exception (out
  // of memory).
  void run_guarded() noexcept;

 private:
  void take_mail();
  void adopt(Tunnel& tunnel);
  void follow_wall_clock() noexcept;
  void take_over_tunnels() noexcept;
  void close(Tunnel& tunnel, std::uint16_t code, base::Outcome outcome);
  void close_for_stop(Tunnel& tunnel);
  void drain_step();
  void spread_loss(Tunnel& tunnel);
  void begin_stop();
  void obey_commands();
  void on_ready(const os::Ready& ready);
  void take_turn(Tunnel& tunnel);
  void run_scheduled();
  void wait_for_events();
  void expire();
  void meet(Tunnel& tunnel);
  base::Instant show_time() noexcept;
  void show_later(Tunnel& tunnel) noexcept;
  void show(Tunnel& tunnel) noexcept;
  // Calls on_tunnel(Tunnel&) for each tunnel that is not over. It may give the tunnel a turn or end it.
  template <class OnTunnel>
  void for_each(OnTunnel&& on_tunnel) {
    timers_.for_each([&](TimerHook& hook) { on_tunnel(static_cast<Tunnel&>(hook)); });
  }
  void count_waiting(Tunnel& tunnel, std::uint32_t waiting) noexcept;
  Deadline deadline(Tunnel& tunnel) noexcept;
  void set_deadline(Tunnel& tunnel) noexcept;
  void end(Tunnel& tunnel) noexcept;
  void free(Tunnel& tunnel) noexcept;
  void free_ended() noexcept;
  void cut_all();
  void drop_all() noexcept;
  int wait_time() const noexcept;
  void log_end(const Tunnel& tunnel) noexcept;

  [[no_unique_address]] base::ThreadOwner thread_;  // of the thread that runs the loop
  const BIO_METHOD* bio_method_;                    // borrowed from the engine
  const base::Millis stop_time_;
  const std::uint64_t max_buffered_;
  metrics::Recorder recorder_;  // gathers what passes in a turn
  base::LogSink& log_;          // borrowed from the child
  os::Poller poller_;
  Inbox inbox_;
  os::RandomPool random_;
  TimerWheel timers_;  // of all tunnels that are not over, which the loop owns
  DrainSchedule drain_;
  OriginLosses losses_;
  std::uint16_t drain_code_ = 0;
  base::Instant stop_at_ = base::Instant::max();  // a stop waits until then
  bool told_to_stop_ = false;                     // the tunnels that there were
  base::Outcome stop_as_ = base::Outcome::server_stop;
  bool watching_ = false;                         // the inbox is registered
  const os::Wakeup* idle_bell_ = nullptr;         // borrowed
  PipePool pipes_;                                // outlives every tunnel
  std::size_t tunnels_ = 0;                       // all, those that are over, too
  std::vector<Tunnel*> scheduled_;                // have more to relay; borrowed
  std::vector<Tunnel*> ended_;                    // owned: over, freed at the end of the turn
  unsigned guards_ = 0;                           // that this turn may still do
  base::Instant show_at_ = base::Instant::min();  // when rows of busy tunnels are written next: show_time()
  base::Instant now_{};
  Absence absence_;  // the last absence
  const base::WallClock wall_clock_;
  base::Millis wall_ahead_;                 // offset of the wall clock, for ends of sessions
  std::unique_ptr<std::uint8_t[]> buffer_;  // owned; kReadBuffer bytes that all tunnels share
};

}  // namespace wsflow::tunnel
