#include "mod_wsflow/httpd/process/log_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/os/output.hpp"
#include "mod_wsflow/os/signal_mask.hpp"
#include "mod_wsflow/os/thread_name.hpp"
#include "mod_wsflow/os/wait.hpp"

namespace wsflow::httpd {

namespace {

using base::LogLevel;

// Most bytes of one write to a file.
constexpr std::size_t kWholeFileWrite = 64UL * 1024;
// After each write the thread lets lines gather: where many tunnels end, a wake-up for each would cost more
// than its line.
constexpr base::Millis kRest{10};
// The time that the end of the process waits for a log that takes nothing.
constexpr base::Millis kPatience{1500};
// One round of waiting for a full relay.
constexpr base::Millis kRelayRound{100};
constexpr base::Millis kWarnInterval{60'000};
constexpr base::Millis kLong{3'600'000};

}  // namespace

bool LogWriter::start() {
  if (left_alone_ || !bell_.valid() || !done_.valid()) return false;
  ending_.store(false);
  const os::BlockSignals blocked;
  thread_ = std::thread([this]() noexcept {
    guard_void(nullptr, [this] { run(); });
    done_.ring();
  });
  os::name_thread(thread_, "wsflow-log");
  return true;
}

void LogWriter::stop() noexcept {
  if (!thread_.joinable()) return;
  ending_.store(true);
  bell_.ring();
  if (os::wait_readable({done_.fd()}, kPatience)) {
    thread_.join();
    done_.clear();
    return;
  }
  thread_.detach();
  left_alone_ = true;
  const auto lines = unwritten_.load();
  recorder_.add(metrics::kLogLinesLost, lines);
  base::Text<200> text;
  text << "a tunnel log takes nothing: " << lines << " lines of this process, which ends, are lost";
  log_.write(LogLevel::warning, 185, 0, text.view(), nullptr);
}

void LogWriter::append(const TunnelLog& log, std::string_view line) noexcept {
  try {
    if (take(log, line)) return;
  } catch (const std::bad_alloc&) {
    // No memory: the line is lost, as beyond kMost.
  }
  lose(log, 1, 0);
}

bool LogWriter::take(const TunnelLog& log, std::string_view line) {
  const base::MutexLock lock(mutex_);
  auto& [pieces, text] = queue_;
  if (text.size() + line.size() > kMost) return false;
  const bool first = pieces.empty();
  const auto most = log.pipe() ? os::kWholePipeWrite : kWholeFileWrite;
  text.reserve(text.size() + line.size());
  if (first || pieces.back().log != &log || pieces.back().bytes + line.size() > most)
    pieces.push_back({.log = &log, .bytes = 0, .lines = 0});
  text += line;
  pieces.back().bytes += line.size();
  ++pieces.back().lines;
  unwritten_.fetch_add(1, std::memory_order_relaxed);
  if (first) bell_.ring();
  return true;
}

void LogWriter::run() {
  for (;;) {
    os::wait_readable({bell_.fd()}, kLong);
    bell_.clear();
    const bool last = ending_.load();
    Queue waiting;
    {
      const base::MutexLock lock(mutex_);
      std::swap(waiting, queue_);
    }
    write(waiting);
    if (last) return;
    if (!waiting.pieces.empty()) std::this_thread::sleep_for(kRest);
  }
}

void LogWriter::write(const Queue& queue) noexcept {
  std::string_view left = queue.text;
  for (const auto& piece : queue.pieces) {
    write(piece, left.substr(0, piece.bytes));
    left.remove_prefix(piece.bytes);
    unwritten_.fetch_sub(piece.lines, std::memory_order_relaxed);
  }
}

// A process of an older generation has lost its pipes. Its files are the old ones, but still there.
void LogWriter::write(const Piece& piece, std::string_view text) noexcept {
  auto lines = piece.lines;
  const bool relayed = foreign();
  if (relayed) {
    text = relay(piece, text);
    lines = static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
    if (lines == 0) return;
  }
  errno = 0;
  if (!(relayed && piece.log->pipe()) && os::write_all(piece.log->fd, text)) {
    recorder_.add(metrics::kLogLines, lines);
  } else {
    lose(*piece.log, lines, errno);
  }
}

// Sends line by line; waits while nobody reads. Returns the lines that were left when the process had to end.
std::string_view LogWriter::relay(const Piece& piece, std::string_view text) noexcept {
  auto give_up_at = base::Instant::max();
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n') + 1);
    const auto sent = relay_.send_line(piece.log->target, line.substr(0, line.size() - 1), piece.log->server);
    if (sent == os::Sent::yes) {
      text.remove_prefix(line.size());
      continue;
    }
    if (sent == os::Sent::never) break;
    if (ending_.load() && give_up_at == base::Instant::max()) give_up_at = base::now() + kPatience / 2;
    if (base::now() >= give_up_at) break;
    os::wait_writable(relay_.write_fd(), kRelayRound);
  }
  return text;
}

void LogWriter::lose(const TunnelLog& log, std::uint64_t lines, int error) noexcept {
  recorder_.add(metrics::kLogLinesLost, lines);
  {
    const base::MutexLock lock(mutex_);
    lost_ += lines;
    const auto now = base::now();
    if (now < warn_at_) return;
    warn_at_ = now + kWarnInterval;
    lines = std::exchange(lost_, 0);
  }
  base::Text<400> text;
  text << "the tunnel log " << log.target
       << (error != 0 ? " cannot be written: " : " does not take lines as fast as they come: ") << lines
       << " lost";
  log_.write(LogLevel::warning, 186, error, text.view(), log.server);
}

}  // namespace wsflow::httpd
