#include "mod_wsflow/httpd/config/tunnel_log.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>

#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/config/words.hpp"
#include "mod_wsflow/httpd/config/line_target.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::httpd {

namespace {

constexpr std::int64_t kDay = 24 * 3600 * config::kSecond;

const char* wrong(cmd_parms* cmd, std::string_view word, const char* what) noexcept {
  return apr_psprintf(cmd->pool, "%s %.*s: %s", cmd->cmd->name, static_cast<int>(word.size()), word.data(),
                      what);
}

const char* set_key(cmd_parms* cmd, std::string_view word, TunnelLog& log) noexcept {
  const auto value = word.substr(word.find('=') + 1);
  if (word.starts_with("start=")) {
    const auto at_start = config::kOnOff.parse(value);
    if (!at_start) return wrong(cmd, word, "start= needs on or off");
    log.at_start = *at_start;
    return nullptr;
  }
  const auto never = config::parse_time(value, 0, 0);
  const auto every = never ? never : config::parse_time(value, config::kSecond, kDay);
  if (!every) return wrong(cmd, word, "every= needs 0 (never) or a time from 1s to 24h (units ms, s, mi, h)");
  log.every = static_cast<std::uint32_t>(*every / 1000);
  return nullptr;
}

const char* set_format(cmd_parms* cmd, std::string_view word, bool quoted, TunnelLog& log) {
  const auto presets = config::log_presets();
  const auto preset = std::ranges::find(presets, word, &config::LogPreset::name);
  auto format = word;
  if (preset != presets.end()) {
    format = preset->format;
    log.shape.json = preset->json;
  } else if (!quoted) {
    return wrong(cmd, word,
                 "unknown; expected combined, json, a format in quotes, start=on|off or every=time");
  } else {
    format = apr_pstrmemdup(cmd->pool, word.data(), word.size());
  }
  const auto parsed = config::parse_log_format(format);
  if (!parsed) return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", parsed.wrong().c_str(), nullptr);
  auto* items =
      static_cast<config::LogItem*>(apr_palloc(cmd->pool, parsed->size() * sizeof(config::LogItem)));
  std::ranges::uninitialized_copy(*parsed, std::span(items, parsed->size()));
  log.shape.items = {items, parsed->size()};
  return nullptr;
}

const char* set_target(cmd_parms* cmd, const std::string& word, TunnelLog& log) noexcept {
  if (word == "none") return nullptr;
  if (const char* error = wrong_target(cmd->temp_pool, word.c_str())) return wrong(cmd, word, error);
  log.target = apr_pstrdup(cmd->pool, word.c_str());
  return nullptr;
}

const char* set(cmd_parms* cmd, std::string_view left) {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_DIR_LOC_FILE)) return error;
  auto*& place = config_of(cmd->server).settings.log;
  if (place != nullptr) return wrong(cmd, left, "this server has a tunnel log already");
  auto& log = *::new (apr_palloc(cmd->pool, sizeof(TunnelLog))) TunnelLog;
  log.server = cmd->server;
  bool has_format = false;
  std::string word;
  int number = 0;
  for (; config::skip_spaces(left); ++number) {
    const bool quoted = left.front() == '"' || left.front() == '\'';
    if (!config::take_word(left, word)) return wrong(cmd, word, "a quote without an end");
    const char* error = nullptr;
    if (number == 0) {
      error = set_target(cmd, word, log);
    } else if (log.target == nullptr) {
      error = wrong(cmd, word, "none stands alone");
    } else if (!quoted && (word.starts_with("start=") || word.starts_with("every="))) {
      error = set_key(cmd, word, log);
    } else if (std::exchange(has_format, true)) {
      error = wrong(cmd, word, "a log has one format");
    } else {
      error = set_format(cmd, word, quoted, log);
    }
    if (error != nullptr) return error;
  }
  if (number == 0) return wrong(cmd, "", wrong_target(cmd->temp_pool, ""));
  place = &log;
  keep_sent_fields();
  return has_format ? nullptr : set_format(cmd, config::log_presets().front().name, false, log);
}

// What is opened once is used by all virtual hosts that name it.
bool open(apr_pool_t* pool, TunnelLog& log, server_rec* server) noexcept {
  if (const auto* same = find_tunnel_log(server, log.target); same != nullptr && same->fd >= 0) {
    log.fd = same->fd;
    return true;
  }
  log.fd = open_target(pool, log.target, "the tunnel log", server);
  return log.fd >= 0;
}

}  // namespace

const char* set_tunnel_log(cmd_parms* cmd, void*, const char* arguments) noexcept {
  return guard<const char*>(cmd->server, "internal error", [&] { return set(cmd, arguments); });
}

const TunnelLog* tunnel_log_of(const server_rec* server) noexcept {
  const auto* log = config_of(server).settings.log;
  return log != nullptr && log->target != nullptr ? log : nullptr;
}

const TunnelLog* find_tunnel_log(const server_rec* main_server, std::string_view target) noexcept {
  const TunnelLog* found = nullptr;
  for (const auto* server = main_server; server != nullptr; server = server->next) {
    const auto* log = tunnel_log_of(server);
    if (log == nullptr || log->target != target) continue;
    if (log->fd >= 0) return log;
    found = log;
  }
  return found;
}

bool has_tunnel_logs(const server_rec* main_server) noexcept {
  const auto* server = main_server;
  while (server != nullptr && tunnel_log_of(server) == nullptr) server = server->next;
  return server != nullptr;
}

void add_tunnel_log_descriptors(std::vector<int>& to, const server_rec* main_server, bool pipes) {
  for (const auto* server = main_server; server != nullptr; server = server->next) {
    const auto* log = tunnel_log_of(server);
    if (log != nullptr && (pipes || !log->pipe())) to.push_back(log->fd);
  }
}

int open_tunnel_logs(apr_pool_t* pconf, apr_pool_t*, apr_pool_t*, server_rec* server) noexcept {
  // A start reads the configuration twice: a program need not be started for the first time.
  if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) return OK;
  for (auto* host = server; host != nullptr; host = host->next) {
    auto* log = config_of(host).settings.log;
    if (log == nullptr || log->target == nullptr || log->fd >= 0) continue;
    // A server that runs goes on without: the lines are counted as lost.
    if (!open(pconf, *log, server) && is_first_start()) return HTTP_INTERNAL_SERVER_ERROR;
  }
  return OK;
}

}  // namespace wsflow::httpd
