#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "mod_wsflow/tunnel/admission.hpp"
#include "mod_wsflow/tunnel/event_loop.hpp"

namespace wsflow::tunnel {

// The event loops of one process and their threads. The main thread makes, starts, pauses and stops it; every
// thread may call adopt() and admission() between start and stop.
class Engine {
 public:
  // A stop waits at most this long for peers to take their Close frame and to end.
  static constexpr base::Millis kStopTime{1200};
  // While more bytes than this wait in all tunnels of the process, slow readers get less.
  static constexpr std::uint64_t kMaxBuffered = 256UL * 1024 * 1024;

  Engine(unsigned loops, std::uint32_t max_tunnels, metrics::Recorder& recorder, base::LogSink& log,
         base::Millis stop_time = kStopTime, std::uint64_t max_buffered = kMaxBuffered,
         std::uint64_t descriptors = UINT64_MAX, base::WallClock wall_clock = base::wall_ahead);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Starts the loops, or continues them after a pause, even in a process that was forked in the pause. False
  // if the kernel refuses a descriptor; may throw std::system_error if it refuses a thread.
  bool start();
  // Lets every loop finish its turn and joins the threads. Tunnels stay as they are; new tunnels wait.
  void pause() noexcept;
  // Tells the loops to end every tunnel as `why`, and returns at once. Only the first call says why. Every
  // thread.
  void begin_stop(base::Outcome why = base::Outcome::server_stop) noexcept;
  // begin_stop(), then joins the threads. Idempotent.
  void stop() noexcept;

  // Ends every tunnel with a Close frame of `code`, evenly at random over `window`. Every thread.
  void drain(std::uint16_t code, base::Millis window);
  // Tells the loops if the wall clock was set, so that ends of sessions move with it. The caretaker calls it
  // once a second; one thread at a time.
  void follow_wall_clock();
  // Makes the loops look for commands to their tunnels. Every thread.
  void look_for_commands();

  // Every descriptor that the loops and their tunnels need. While paused.
  std::vector<int> descriptors();
  // A loop rings `bell`, which it borrows, whenever its last tunnel has ended. While paused.
  void set_idle_bell(const os::Wakeup& bell) noexcept;

  // Hands a tunnel to a loop. False if the engine is stopping; then the tunnel stays with the caller.
  bool adopt(std::unique_ptr<Tunnel>& tunnel);

  // Every loop takes tunnels.
  bool running();
  Admission& admission() noexcept { return admission_; }
  // Where tunnels are made. Every thread.
  SlotPool& slots() noexcept { return slots_; }

 private:
  void join() noexcept;

  os::BioMethod bio_method_;        // owned; outlives every tunnel
  Admission admission_;             // outlives every tunnel
  SlotPool slots_{sizeof(Tunnel)};  // outlives every tunnel
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<std::thread> threads_;
  std::atomic<unsigned> turn_{0};  // counts tunnels: the next one goes to loop turn_ % loops_.size()
  const base::WallClock wall_clock_;
  base::Millis wall_ahead_;  // the offset that follow_wall_clock() saw last
};

}  // namespace wsflow::tunnel
