#pragma once

#include <cstdint>
#include <string_view>

namespace wsflow::base {

enum class LogLevel : std::uint8_t { critical, error, warning, info, debug, trace };

// The log, for code that does not know httpd. Every thread may call it.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // `context` selects the log of a virtual host; nullptr selects the main server's.
  virtual bool enabled(LogLevel level, const void* context) const noexcept = 0;
  // `id`: the number of the message in docs/log-messages.md. `error`: an errno; 0: none. Pre: text of a peer
  // in `text` is escaped.
  virtual void write(LogLevel level, int id, int error, std::string_view text,
                     const void* context) noexcept = 0;
};

}  // namespace wsflow::base
