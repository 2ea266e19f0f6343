#include "mod_wsflow/httpd/config/line_target.hpp"

#include <string_view>

#include "mod_wsflow/httpd/log.hpp"

namespace wsflow::httpd {

namespace {

int open_file(apr_pool_t* pool, const char* target, const char* use, server_rec* server) noexcept {
  const char* path = ap_server_root_relative(pool, target);
  apr_file_t* file = nullptr;
  int fd = -1;
  constexpr auto kFlags = APR_WRITE | APR_APPEND | APR_CREATE | APR_LARGEFILE;
  const auto status = apr_file_open(&file, path, kFlags, APR_OS_DEFAULT, pool);
  if (status == APR_SUCCESS && apr_os_file_get(&fd, file) == APR_SUCCESS) return fd;
  ap_log_error(APLOG_MARK, APLOG_CRIT, status, server, WSFLOGNO(0187) "cannot open %s %s", use, path);
  return -1;
}

int open_pipe(apr_pool_t* pool, const char* target, const char* use, server_rec* server) noexcept {
  auto* pipe = ap_open_piped_log(pool, target + 1);
  int fd = -1;
  if (pipe != nullptr && apr_os_file_get(&fd, ap_piped_log_write_fd(pipe)) == APR_SUCCESS) return fd;
  ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server, WSFLOGNO(0188) "cannot start %s \"%s\"", use, target);
  return -1;
}

}  // namespace

const char* wrong_target(apr_pool_t* temp, const char* target) noexcept {
  const std::string_view text(target);
  if (text.empty() || text == "|") return "needs a file, a \"|program\" or none";
  if (text[0] == '|' || ap_server_root_relative(temp, target) != nullptr) return nullptr;
  return "no valid path of a file";
}

int open_target(apr_pool_t* pool, const char* target, const char* use, server_rec* server) noexcept {
  return target[0] == '|' ? open_pipe(pool, target, use, server) : open_file(pool, target, use, server);
}

}  // namespace wsflow::httpd
