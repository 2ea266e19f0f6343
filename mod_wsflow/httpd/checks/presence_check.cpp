#include "mod_wsflow/httpd/checks/presence_check.hpp"

#include <string_view>

#include "mod_wsflow/httpd/cluster/cluster_thread.hpp"
#include "mod_wsflow/httpd/config/presence_directives.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/log.hpp"

namespace wsflow::httpd {

namespace {

// Two rules of one list that do not say the same; nullptr: none.
const PresenceRule* contradicts(const PresenceRule& rule, const apr_array_header_t* rules) noexcept {
  for (const auto& other : elements<const PresenceRule>(rules)) {
    if (std::string_view(other.name) == rule.name &&
        (other.grace != rule.grace || other.by_route != rule.by_route))
      return &other;
  }
  return nullptr;
}

// What is missing for a stream; nullptr: nothing.
const char* missing_for(const ServerConfig& config) noexcept {
  const auto* events = config.settings.presence_events;
  if (events == nullptr || events->target != nullptr) return nullptr;
  if (redis_client() == nullptr) return "LoadModule wsflow_redis_module modules/mod_wsflow_redis.so";
  return config.settings.cluster == nullptr ? "WSFlowCluster redis://host" : nullptr;
}

}  // namespace

bool check_presence(const server_rec* main_server) noexcept {
  const auto& config = config_of(main_server);
  for (const auto& rule : elements<const PresenceRule>(config.presence_rules)) {
    if (const auto* other = contradicts(rule, config.presence_rules)) {
      ap_log_error(APLOG_MARK, APLOG_CRIT, 0, main_server,
                   WSFLOGNO(0458) "WSFlowPresence name=%s at %s: has another grace= or by-route= than at %s; a "
                   "list has one of each", rule.name, rule.where, other->where);
      return false;
    }
  }
  if (const char* missing = missing_for(config)) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, main_server,
                 WSFLOGNO(0462) "WSFlowPresenceEvents stream:%s at %s: there is no Redis for it; write: %s",
                 config.settings.presence_events->stream, config.settings.presence_events->where, missing);
    return false;
  }
  const auto* store = config.settings.presence_store;
  if (store == nullptr) {
    const auto rules = elements<const PresenceRule>(config.presence_rules);
    if (rules.empty()) return true;
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, main_server,
                 WSFLOGNO(0459) "WSFlowPresence at %s: there is no store for it; write, outside of all virtual "
                 "hosts: WSFlowPresenceStore sqlite3 /var/lib/wsflow/presence.db", rules[0].where);
    return false;
  }
  const auto* provider = store_of(*store);
  if (provider == nullptr) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, main_server,
                 WSFLOGNO(0460) "WSFlowPresenceStore %s: no module offers this driver; for sqlite3 and pgsql "
                 "write: LoadModule wsflow_presence_module modules/mod_wsflow_presence.so", store->driver);
    return false;
  }
  if (const char* wrong = provider->check(store->parameters)) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, main_server, WSFLOGNO(0461) "WSFlowPresenceStore %s: %s",
                 store->driver, wrong);
    return false;
  }
  return true;
}

}  // namespace wsflow::httpd
