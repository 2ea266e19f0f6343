#include "mod_wsflow/httpd/config/presence_directives.hpp"

#include <algorithm>
#include <new>
#include <string_view>

#include "mod_wsflow/config/presence_directive.hpp"
#include "mod_wsflow/httpd/config/field_expression.hpp"
#include "mod_wsflow/httpd/config/line_place.hpp"
#include "mod_wsflow/httpd/config/line_target.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"

namespace wsflow::httpd {

namespace {

const char* copy(const cmd_parms* cmd, std::string_view text) noexcept {
  return apr_pstrmemdup(cmd->pool, text.data(), text.size());
}

const PresenceRule* find(const apr_array_header_t* rules, std::string_view name) noexcept {
  const auto known = elements<const PresenceRule>(rules);
  const auto found = std::ranges::find_if(known, [name](const auto& rule) { return name == rule.name; });
  return found != known.end() ? &*found : nullptr;
}

const char* add(cmd_parms* cmd, const config::PresenceDirective& line, PresenceRules& place) noexcept {
  if (line.off) {
    place.off = true;
    return nullptr;
  }
  if (const auto* known = find(place.rules, line.name)) {
    return apr_psprintf(cmd->pool, "WSFlowPresence name=%s: stands here already, at %s", known->name,
                        known->where);
  }
  const char* key_text = copy(cmd, line.key);
  const char* error = nullptr;
  const auto* key = parse_expression(cmd, key_text, &error);
  if (error != nullptr) {
    return apr_psprintf(cmd->pool, "WSFlowPresence key=%s: key= needs an expression that gives a text: %s",
                        key_text, error);
  }
  const PresenceRule rule{.name = copy(cmd, line.name),
                          .key_text = key_text,
                          .key = key,
                          .grace = line.grace,
                          .by_route = line.by_route,
                          .where = place_of(cmd)};
  for (auto** rules : {&place.rules, &config_of(ap_server_conf).presence_rules}) {
    if (*rules == nullptr) *rules = apr_array_make(cmd->pool, 1, sizeof(PresenceRule));
    APR_ARRAY_PUSH(*rules, PresenceRule) = rule;
  }
  return nullptr;
}

}  // namespace

const char* set_presence(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_HTACCESS | NOT_IN_LIMIT)) return error;
  return guard(cmd->server, "WSFlowPresence: out of memory", [&]() -> const char* {
    const auto line = config::parse_presence(arguments);
    if (!line) return apr_pstrcat(cmd->pool, "WSFlowPresence ", line.wrong().c_str(), nullptr);
    return add(cmd, *line, static_cast<DirConfig*>(dir_config)->presence);
  });
}

const char* set_presence_store(cmd_parms* cmd, void*, const char* arguments) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, GLOBAL_ONLY)) return error;
  return guard(cmd->server, "WSFlowPresenceStore: out of memory", [&]() -> const char* {
    const auto line = config::parse_presence_store(arguments);
    if (!line) return apr_pstrcat(cmd->pool, "WSFlowPresenceStore ", line.wrong().c_str(), nullptr);
    auto*& store = config_of(cmd->server).settings.presence_store;
    if (store != nullptr) return "WSFlowPresenceStore: stands here already; a server has one store";
    store = ::new (apr_palloc(cmd->pool, sizeof(PresenceStoreConfig)))
        PresenceStoreConfig{.driver = copy(cmd, line->driver),
                            .parameters = copy(cmd, line->parameters),
                            .lease = line->lease,
                            .queue = line->queue};
    return nullptr;
  });
}

const char* set_presence_events(cmd_parms* cmd, void*, const char* arguments) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, GLOBAL_ONLY)) return error;
  return guard(cmd->server, "WSFlowPresenceEvents: out of memory", [&]() -> const char* {
    const auto line = config::parse_presence_events(arguments);
    if (!line) return apr_pstrcat(cmd->pool, "WSFlowPresenceEvents ", line.wrong().c_str(), nullptr);
    auto*& events = config_of(cmd->server).settings.presence_events;
    if (events != nullptr)
      return "WSFlowPresenceEvents: stands here already; a server tells them to one target";
    const char* target = line->target.empty() ? nullptr : copy(cmd, line->target);
    const char* wrong = target != nullptr ? wrong_target(cmd->temp_pool, target) : nullptr;
    if (wrong != nullptr) return apr_psprintf(cmd->pool, "WSFlowPresenceEvents %s: %s", target, wrong);
    events = ::new (apr_palloc(cmd->pool, sizeof(PresenceEventsConfig)))
        PresenceEventsConfig{.target = target,
                             .fd = -1,
                             .stream = copy(cmd, line->stream),
                             .maxlen = line->maxlen,
                             .where = place_of(cmd)};
    return nullptr;
  });
}

int open_presence_events(apr_pool_t* pconf, apr_pool_t*, apr_pool_t*, server_rec* server) noexcept {
  // A start reads the configuration twice: a program need not be started for the first time.
  if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) return OK;
  auto* events = config_of(server).settings.presence_events;
  if (events == nullptr || events->target == nullptr) return OK;
  events->fd = open_target(pconf, events->target, "the presence events", server);
  // A server that runs goes on without: the store keeps them.
  return events->fd >= 0 || !is_first_start() ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

const char* set_node(cmd_parms* cmd, void*, const char* name) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, GLOBAL_ONLY)) return error;
  if (!config::is_node_name(name)) {
    return apr_psprintf(
        cmd->pool, "WSFlowNode %s: needs letters, digits, \"-\", \"_\", \".\" and \":\", 64 at most", name);
  }
  config_of(cmd->server).settings.node = name;
  return nullptr;
}

const wsflow_presence_store* store_of(const PresenceStoreConfig& config) noexcept {
  return static_cast<const wsflow_presence_store*>(
      ap_lookup_provider(WSFLOW_PRESENCE_STORE, config.driver, WSFLOW_PRESENCE_STORE_VERSION));
}

std::string node_name(const server_rec* main_server) {
  if (const char* node = config_of(main_server).settings.node) return node;
  char host[APRMAXHOSTLEN + 1] = "";
  if (apr_gethostname(host, sizeof host, main_server->process->pconf) != APR_SUCCESS) return "localhost";
  std::string name(host);
  std::ranges::replace_if(
      name,
      [](char c) {
        return !config::is_node_name({&c, 1});
      },
      '-');
  return config::is_node_name(name) ? name : name.substr(0, config::kLongestNode);
}

PresenceRules merge_presence(apr_pool_t* pool, const PresenceRules& outer,
                             const PresenceRules& inner) noexcept {
  if (inner.off || outer.rules == nullptr) return inner;
  if (inner.rules == nullptr) return {.off = outer.off, .rules = outer.rules};
  auto* merged = apr_array_copy(pool, inner.rules);
  for (const auto& rule : elements<const PresenceRule>(outer.rules)) {
    if (find(inner.rules, rule.name) == nullptr) APR_ARRAY_PUSH(merged, PresenceRule) = rule;
  }
  return {.off = outer.off, .rules = merged};
}

}  // namespace wsflow::httpd
