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

// Writes the lines of a process to its tunnel logs, in a thread of its own: whoever has a line only leaves it
// here. What comes while too much waits is lost, and counted. Once the process is of an older generation its
// lines go through the relay.
class LogWriter {
 public:
  // Bytes that may wait.
  static constexpr std::size_t kMost = 4UL * 1024 * 1024;

  // `newest` and `own` are generations. All references are borrowed and live as long as the process.
  LogWriter(metrics::Recorder& recorder, base::LogSink& log, const LogRelay& relay,
            const std::atomic<std::uint32_t>& newest, std::uint32_t own) noexcept
      : recorder_(recorder), log_(log), relay_(relay), newest_(newest), own_(own) {}

  // Starts the thread. False if that is impossible: then lines are lost.
  bool start();
  // Writes what waits and ends the thread. If a log takes nothing it is left alone with it: the object must
  // stay until the process ends. Main thread; nobody has lines for us any more.
  void stop() noexcept;

  // Every thread; never waits. `line` ends with a newline.
  void append(const TunnelLog& log, std::string_view line) noexcept;

 private:
  struct Piece {
    const TunnelLog* log;  // borrowed from the configuration
    std::size_t bytes;
    std::uint64_t lines;
  };
  struct Queue {
    std::vector<Piece> pieces;  // of `text`, in order; neighbours are of different logs, or large
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
  os::Wakeup bell_;  // owned; lines wait, or the thread is to end
  os::Wakeup done_;  // owned; the thread ends
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
