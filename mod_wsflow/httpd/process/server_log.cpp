#include "mod_wsflow/httpd/process/server_log.hpp"

#include "mod_wsflow/httpd/log.hpp"

namespace wsflow::httpd {

namespace {

int level_of(base::LogLevel level) noexcept {
  switch (level) {
    case base::LogLevel::critical: return APLOG_CRIT;
    case base::LogLevel::error: return APLOG_ERR;
    case base::LogLevel::warning: return APLOG_WARNING;
    case base::LogLevel::info: return APLOG_INFO;
    case base::LogLevel::debug: return APLOG_DEBUG;
    case base::LogLevel::trace: return APLOG_TRACE1;
  }
  return APLOG_ERR;
}

}  // namespace

void write_line(const server_rec* server, base::LogLevel level, int id, int error,
                std::string_view text) noexcept {
  // ap_log_rerror and ap_log_cerror would write into pools of other threads.
  ap_log_error(APLOG_MARK, level_of(level), error, server, "WSF%04d: %.*s", id, static_cast<int>(text.size()),
               text.data());
}

bool ServerLog::enabled(base::LogLevel level, const void* context) const noexcept {
  return APLOG_IS_LEVEL(server(context), level_of(level));
}

void ServerLog::write(base::LogLevel level, int id, int error, std::string_view text,
                      const void* context) noexcept {
  if (newest_ != nullptr && newest_->load(std::memory_order_relaxed) != own_ &&
      relay_.send(level, id, error, text, server(context)) == os::Sent::yes)
    return;
  write_line(server(context), level, id, error, text);
}

void ServerLog::relay_through(const LogRelay& relay, const std::atomic<std::uint32_t>& newest,
                              std::uint32_t own) noexcept {
  relay_ = relay;
  newest_ = &newest;
  own_ = own;
}

}  // namespace wsflow::httpd
