#pragma once

#include <atomic>

#include "mod_wsflow/base/log_sink.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/process/log_relay.hpp"

namespace wsflow::httpd {

// Writes a line to the log of a virtual host. Any thread.
void write_line(const server_rec* server, base::LogLevel level, int id, int error,
                std::string_view text) noexcept;

// Writes log lines of code that does not know httpd. The context is a server_rec. Any thread.
class ServerLog final : public base::LogSink {
 public:
  explicit ServerLog(const server_rec* main_server) noexcept : main_server_(main_server) {}
  bool enabled(base::LogLevel level, const void* context) const noexcept override;
  void write(base::LogLevel level, int id, int error, std::string_view text,
             const void* context) noexcept override;

  // Sends lines through `relay` as soon as the generation `newest` differs from `own`. Keeper, while it has
  // one thread.
  void relay_through(const LogRelay& relay, const std::atomic<std::uint32_t>& newest,
                     std::uint32_t own) noexcept;

 private:
  const server_rec* server(const void* context) const noexcept {
    return context != nullptr ? static_cast<const server_rec*>(context) : main_server_;
  }
  const server_rec* main_server_;  // borrowed from pconf
  LogRelay relay_;
  const std::atomic<std::uint32_t>* newest_ = nullptr;  // borrowed from the segment; nullptr: no keeper
  std::uint32_t own_ = 0;
};

}  // namespace wsflow::httpd
