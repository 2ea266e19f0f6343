#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/log_sink.hpp"
#include "mod_wsflow/base/mutex.hpp"
#include "mod_wsflow/httpd/config/tunnel_log.hpp"
#include "mod_wsflow/httpd/process/log_relay.hpp"
#include "mod_wsflow/metrics/recorder.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::httpd {

// Writes the lines of a process to its tunnel logs, in a thread of its own; other threads only append. Lines
// beyond kMost waiting bytes are lost, and counted. A process of an older generation sends its lines through
// the relay.
class LogWriter {
 public:
  // Most bytes that may wait.
  static constexpr std::size_t kMost = 4UL * 1024 * 1024;

  // `newest` and `own` are generations. All references are borrowed and live as long as the process.
  LogWriter(metrics::Recorder& recorder, base::LogSink& log, const LogRelay& relay,
            const std::atomic<std::uint32_t>& newest, std::uint32_t own) noexcept
      : recorder_(recorder), log_(log), relay_(relay), newest_(newest), own_(own) {}

  // Starts the thread. False if it cannot start: then lines are lost.
  bool start();
  // Writes the waiting lines and ends the thread. If a log takes nothing, the thread stays in its write: the
  // object must then live until the process ends. Main thread, once nobody appends any more.
  void stop() noexcept;

  // Adds `line`, which ends with a newline. Never waits. Any thread.
  void append(const TunnelLog& log, std::string_view line) noexcept;

 private:
  struct Piece {
    const TunnelLog* log;  // borrowed from the configuration
    std::size_t bytes;
    std::uint64_t lines;
  };
  struct Queue {
    std::vector<Piece> pieces;  // parts of `text`, in order; two neighbours of one log are large
    std::string text;
  };

  void run();
  bool take(const TunnelLog& log, std::string_view line);
  void write(const Queue& queue) noexcept;
  void write(const Piece& piece, std::string_view text) noexcept;
  std::string_view relay(const Piece& piece, std::string_view text) noexcept;
  void lose(const TunnelLog& log, std::uint64_t lines, int error) noexcept;
  bool foreign() const noexcept { return newest_.load(std::memory_order_relaxed) != own_; }

  metrics::Recorder& recorder_;
  base::LogSink& log_;
  const LogRelay relay_;
  const std::atomic<std::uint32_t>& newest_;
  const std::uint32_t own_;
  os::Wakeup bell_;  // owned; rings when lines wait, or the thread is to end
  os::Wakeup done_;  // owned; rings when the thread ends
  std::atomic<bool> ending_{false};
  std::atomic<std::uint64_t> unwritten_{0};  // lines that wait or are being written
  base::Mutex mutex_;
  Queue queue_ WSFLOW_GUARDED_BY(mutex_);
  std::uint64_t lost_ WSFLOW_GUARDED_BY(mutex_) = 0;   // since the last warning
  base::Instant warn_at_ WSFLOW_GUARDED_BY(mutex_){};  // not before
  std::thread thread_;
  bool left_alone_ = false;  // the thread still hangs in a write
};

}  // namespace wsflow::httpd
