#pragma once

#include "mod_wsflow/base/log_sink.hpp"
#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Log lines of code that does not know httpd. The context is a server_rec; every thread may write.
class ServerLog final : public base::LogSink {
 public:
  explicit ServerLog(const server_rec* main_server) noexcept : main_server_(main_server) {}
  bool enabled(base::LogLevel level, const void* context) const noexcept override;
  void write(base::LogLevel level, int id, int error, std::string_view text,
             const void* context) noexcept override;

 private:
  const server_rec* server(const void* context) const noexcept {
    return context != nullptr ? static_cast<const server_rec*>(context) : main_server_;
  }
  const server_rec* main_server_;  // borrowed from pconf
};

}  // namespace wsflow::httpd
