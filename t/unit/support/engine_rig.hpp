#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "mod_wsflow/tunnel/engine.hpp"
#include "t/unit/support/lasting.hpp"
#include "t/unit/support/process_slot.hpp"
#include "t/unit/support/sockets.hpp"
#include "t/unit/support/wait.hpp"

namespace wsflow::test {

// Keeps what the engine logs.
class LogLines : public base::LogSink {
 public:
  bool enabled(base::LogLevel, const void*) const noexcept override { return true; }
  void write(base::LogLevel, int id, int, std::string_view text, const void* context) noexcept override {
    const std::lock_guard lock(mutex_);
    lines_.push_back({id, std::string(text), context});
  }

  struct Line {
    int id;
    std::string text;
    const void* context;
  };
  std::vector<Line> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<Line> lines_;
};

// The test's two ends of a tunnel.
struct Ends {
  base::UniqueFd client;
  base::UniqueFd origin;
};

// An engine with its surroundings.
struct EngineRig {
  // Peers that do not answer hold up the end of a test for so long.
  static constexpr base::Millis kStopTime{20};
  // Longer than any test takes.
  static constexpr base::Millis kLong{60'000};

  explicit EngineRig(unsigned loops = 1, std::uint32_t max_tunnels = 10000,
                     base::Millis stop_time = kStopTime, std::uint64_t max_buffered = 0,
                     base::WallClock wall_clock = base::wall_ahead)
      : engine(loops, max_tunnels, process.recorder, log, stop_time, max_buffered, UINT64_MAX, wall_clock) {}

  // A tunnel, made at `now`, and the test's ends of it.
  static std::unique_ptr<tunnel::Tunnel> make_tunnel(Ends& ends, const tunnel::Options& options = {},
                                                     base::Instant now = base::now(),
                                                     std::uint32_t session_until = 0) {
    auto client = socket_pair();
    auto origin = socket_pair();
    ends.client = std::move(client.peer);
    ends.origin = std::move(origin.peer);
    return std::make_unique<tunnel::Tunnel>(tunnel::Tunnel::Parts{.client_fd = std::move(client.ours),
                                                                  .client_ssl = {},
                                                                  .origin_fd = std::move(origin.ours),
                                                                  .origin_ssl = {},
                                                                  .admission = {},
                                                                  .options = &lasting(options),
                                                                  .session_until = session_until,
                                                                  .id = 0xABC},
                                            now);
  }
  // Hands a new tunnel to the engine.
  Ends open(const tunnel::Options& options = {}) {
    Ends ends;
    auto tunnel = make_tunnel(ends, options);
    adopted = engine.adopt(tunnel) && adopted;
    return ends;
  }
  bool all_ended() const { return process.slot.active.load() == 0; }

  CountedProcess process;
  LogLines log;
  bool adopted = true;  // no tunnel was refused
  tunnel::Engine engine;
};

}  // namespace wsflow::test
