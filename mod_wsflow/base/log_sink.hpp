#pragma once

#include <cstdint>
#include <string_view>

namespace wsflow::base {

enum class LogLevel : std::uint8_t { critical, error, warning, info, debug, trace };

// Where code that does not know httpd writes its log lines. Every thread may call it.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // `context` chooses whose log it is (a virtual host); nullptr is the main server's.
  virtual bool enabled(LogLevel level, const void* context) const noexcept = 0;
  // `id` is the number of the message (docs/log-messages.md); `error` is an errno, 0 for none; `text` holds
  // nothing that came from a peer unescaped.
  virtual void write(LogLevel level, int id, int error, std::string_view text,
                     const void* context) noexcept = 0;
};

}  // namespace wsflow::base
