#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "mod_wsflow/tunnel/admission.hpp"
#include "mod_wsflow/tunnel/event_loop.hpp"

namespace wsflow::tunnel {

// The loops of one child process, each with its thread. Made, started and stopped by the child's main thread;
// adopt() and admission() may be used by every thread in between.
class Engine {
 public:
  Engine(unsigned loops, std::uint32_t max_tunnels, metrics::Recorder& recorder, base::LogSink& log);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // False if the kernel refuses a descriptor; may throw std::system_error if it refuses a thread.
  bool start();
  // Ends every tunnel with a Close 1001 and joins the threads. Idempotent.
  void stop() noexcept;

  // Hands a tunnel to a loop. False, and the tunnel stays with the caller, if the engine is stopping.
  bool adopt(std::unique_ptr<Tunnel>& tunnel);

  // Whether every loop takes tunnels.
  bool running();
  Admission& admission() noexcept { return admission_; }

 private:
  os::BioMethod bio_method_;  // owned; outlives every tunnel
  Admission admission_;       // outlives every tunnel
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<std::thread> threads_;
  std::atomic<unsigned> turn_{0};  // which loop gets the next tunnel
};

}  // namespace wsflow::tunnel
