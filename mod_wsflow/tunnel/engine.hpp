#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "mod_wsflow/tunnel/admission.hpp"
#include "mod_wsflow/tunnel/event_loop.hpp"

namespace wsflow::tunnel {

// The loops of one process, each with its thread. Made, started and stopped by the main thread;
// adopt() and admission() may be used by every thread in between.
class Engine {
 public:
  // How long a stop waits at most for peers to take their Close frame and to end.
  static constexpr base::Millis kStopTime{1200};
  // Bytes that may wait in all tunnels of the process before slow readers get less.
  static constexpr std::uint64_t kMaxBuffered = 256UL * 1024 * 1024;

  Engine(unsigned loops, std::uint32_t max_tunnels, metrics::Recorder& recorder, base::LogSink& log,
         base::Millis stop_time = kStopTime, std::uint64_t max_buffered = kMaxBuffered,
         std::uint64_t descriptors = UINT64_MAX, base::WallClock wall_clock = base::wall_ahead);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Starts the loops, or lets them go on after a pause, also in a process that was forked during it. False if
  // the kernel refuses a descriptor; may throw std::system_error if it refuses a thread.
  bool start();
  // Lets every loop finish its turn and joins the threads. Tunnels stay as they are; new ones wait.
  void pause() noexcept;
  // Tells the loops to end every tunnel with a Close 1001, and returns at once. Every thread.
  void begin_stop() noexcept;
  // The same, and joins the threads. Idempotent.
  void stop() noexcept;

  // Ends every tunnel with a Close frame of `code`, evenly at random over `window`. Every thread.
  void drain(std::uint16_t code, base::Millis window);
  // Looks whether the wall clock was set: ends of sessions move along. Once a second; one thread at a time.
  void follow_wall_clock();
  // Some tunnels of this process have got commands. Every thread.
  void look_for_commands();

  // While paused: every descriptor that the loops and their tunnels need; and what to ring whenever the last
  // tunnel of a loop has ended.
  std::vector<int> descriptors();
  void set_idle_bell(const os::Wakeup& bell) noexcept;

  // Hands a tunnel to a loop. False, and the tunnel stays with the caller, if the engine is stopping.
  bool adopt(std::unique_ptr<Tunnel>& tunnel);

  // Whether every loop takes tunnels.
  bool running();
  Admission& admission() noexcept { return admission_; }

 private:
  void join() noexcept;

  os::BioMethod bio_method_;  // owned; outlives every tunnel
  Admission admission_;       // outlives every tunnel
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<std::thread> threads_;
  std::atomic<unsigned> turn_{0};  // which loop gets the next tunnel
  const base::WallClock wall_clock_;
  base::Millis wall_ahead_;  // as follow_wall_clock() has seen it last
};

}  // namespace wsflow::tunnel
