#include "mod_wsflow/httpd/handshake/routes.hpp"

#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/config/pass_keys.hpp"
#include "mod_wsflow/config/route_url.hpp"
#include "mod_wsflow/config/words.hpp"
#include "mod_wsflow/httpd/config/tunnel_directives.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/request/request_state.hpp"

namespace wsflow::httpd {

namespace {

struct Words {
  const char* path = nullptr;     // of the route, or of the <Location>; nullptr: not read yet
  const char* url = "";           // empty: not read yet
  const char* for_proxy = "";     // the arguments that ProxyPass gets
  const char* unknown = nullptr;  // the first key that neither we nor mod_proxy are known to have
  PartialTunnelConfig tunnels;
  bool sets_tunnels = false;
};

const char* failure(const cmd_parms* cmd, const char* value, const char* why) noexcept {
  return apr_pstrcat(cmd->pool, "WSFlowPass ", value, ": ", why, nullptr);
}

// Quotes a word so that ap_getword_conf() reads the same word back.
const char* quoted(apr_pool_t* pool, const char* word) noexcept {
  return apr_pstrcat(pool, " \"", ap_escape_quotes(pool, word), "\"", nullptr);
}

// Splits the arguments into ours and mod_proxy's. Returns an error message or nullptr.
const char* split(cmd_parms* cmd, std::string_view arguments, Words& words) {
  auto* pool = cmd->pool;
  words.path = cmd->path;
  std::vector<std::string> settings;
  for (std::string text; config::skip_spaces(arguments);) {
    const bool whole = config::take_word(arguments, text);
    const char* word = apr_pstrmemdup(pool, text.data(), text.size());
    if (!whole) return failure(cmd, word, "a quote has no end, or something follows it");
    if (words.path == nullptr) {
      words.path = word;
      if (const char* why = config::check_route_path(word)) return failure(cmd, word, why);
      words.for_proxy = quoted(pool, word);
      continue;
    }
    if (*words.url == '\0') {
      if (cmd->path != nullptr && word[0] == '/') {
        return failure(cmd, word, "takes no path inside a <Location>: the location is the path");
      }
      if (const char* why = config::check_origin_url(word)) return failure(cmd, word, why);
      words.url = word;
    } else if (config::is_pass_setting(text)) {
      settings.push_back(text);
      continue;
    } else if (const auto why = config::misspelled(text); !why.empty()) {
      return failure(cmd, words.url, why.c_str());
    } else if (words.unknown == nullptr && text.find('=') != std::string::npos &&
               !config::is_proxy_key(text.substr(0, text.find('=')))) {
      words.unknown = word;
    }
    words.for_proxy = apr_pstrcat(pool, words.for_proxy, quoted(pool, word), nullptr);
  }
  if (*words.url == '\0') {
    return "WSFlowPass needs a path and a URL: WSFlowPass /path ws://host:port/path [key=value ...] "
           "(inside a <Location> the URL alone)";
  }
  words.sets_tunnels = !settings.empty();
  const auto line = config::parse_settings(config::SettingsDirective::pass, settings);
  const char* why = line ? apply_settings(cmd, *line, words.tunnels) : line.wrong().c_str();
  return why == nullptr ? nullptr : failure(cmd, words.url, why);
}

// Runs mod_proxy's ProxyPass. Returns its error message or nullptr.
const char* run_proxy_pass(cmd_parms* cmd, const char* arguments, const Words& words, proxy_dir_conf* dir) {
  const command_rec* command = ap_find_command("ProxyPass", proxy_module.cmds);
  if (command == nullptr) return "WSFlowPass: this mod_proxy has no ProxyPass";
  cmd_parms parms = *cmd;
  parms.cmd = command;
  parms.info = command->cmd_data;
  const char* error = command->AP_RAW_ARGS(&parms, dir, words.for_proxy);
  if (error == nullptr) return nullptr;
  // mod_proxy's message names ProxyPass, and does not say which argument is wrong.
  if (words.unknown != nullptr) return failure(cmd, words.url, config::unknown_key(words.unknown).c_str());
  std::string_view text(error);
  for (const std::string_view prefix :
       {"Invalid ProxyPass|ProxyPassMatch ", "ProxyPass|ProxyPassMatch ", "ProxyPass "}) {
    if (text.substr(0, prefix.size()) == prefix) text.remove_prefix(prefix.size());
  }
  return failure(cmd, arguments, apr_pstrmemdup(cmd->pool, text.data(), text.size()));
}

// The route that an alias of mod_proxy came from; nullptr: none.
const Route* route_of(const proxy_alias& alias) noexcept {
  auto* known = config_of(ap_server_conf).routes_by_alias;
  // The key is the address of the string.
  return known != nullptr ? static_cast<const Route*>(apr_hash_get(known, &alias.real, sizeof alias.real))
                          : nullptr;
}

void note_route(cmd_parms* cmd, const Route* route) noexcept {
  auto*& known = config_of(ap_server_conf).routes_by_alias;
  if (known == nullptr) known = apr_hash_make(cmd->pool);
  apr_hash_set(known, &route->real, sizeof route->real, route);
  APR_ARRAY_PUSH(config_of(cmd->server).routes, const Route*) = route;
}

// Matches one alias of mod_proxy against the request, and notes its route. HTTP_CONTINUE: no match.
int try_alias(request_rec* r, proxy_alias& alias, proxy_dir_conf* proxy_dir) noexcept {
  const int result = ap_proxy_trans_match(r, &alias, proxy_dir);
  if (result != OK && result != DONE) return result;
  const auto* route = route_of(alias);
  state_of(r).route = route;
  // A subrequest of a subrequest may also take the place of the request.
  for (auto* above = r->main; above != nullptr && route != nullptr; above = above->main) {
    state_of(above).looked_up = route;
    state_of(above).looked_up_path = apr_pstrdup(above->pool, r->uri);
  }
  return result;
}

// True if the request is a handshake or may become one: RequestHeader adds Upgrade only after the mapping.
bool may_be_handshake(const request_rec* r) noexcept {
  return apr_table_get(r->headers_in, "Upgrade") != nullptr ||
         apr_table_get(r->headers_in, "Sec-WebSocket-Key") != nullptr ||
         apr_table_get(r->headers_in, "Sec-WebSocket-Version") != nullptr;
}

// Does what mod_proxy's own hook would do now, with the same answers (mod_proxy.c, proxy_trans); that hook
// then finds the request mapped. Acts only on a request that may be a handshake: the route of others does
// not matter, and if no alias matches, mod_proxy walks the aliases again.
int translate(request_rec* r, bool before_decoding) noexcept {
  if (r->proxyreq != PROXYREQ_NONE || config_of(r->server).routes->nelts == 0) return DECLINED;
  if (!may_be_handshake(r)) return DECLINED;
  auto* proxy_dir = static_cast<proxy_dir_conf*>(ap_get_module_config(r->per_dir_config, &proxy_module));
  auto* proxy =
      static_cast<proxy_server_conf*>(ap_get_module_config(r->server->module_config, &proxy_module));
  if ((before_decoding && !proxy->map_encoded_one) || (!before_decoding && proxy->map_encoded_all))
    return DECLINED;
  if (r->uri == nullptr || r->uri[0] != '/' || apr_table_get(r->subprocess_env, "no-proxy") != nullptr) {
    return DECLINED;
  }
  const auto in_this_phase = [&](const proxy_alias& alias) {
    return before_decoding == ((alias.flags & PROXYPASS_MAP_ENCODED) != 0);
  };
  if (auto* alias = proxy_dir->alias; alias != nullptr && in_this_phase(*alias)) {
    const int result = try_alias(r, *alias, proxy_dir);
    if (result != HTTP_CONTINUE) return result;
  }
  for (int i = 0; i < proxy->aliases->nelts; ++i) {
    auto& alias = APR_ARRAY_IDX(proxy->aliases, i, proxy_alias);
    if (!in_this_phase(alias)) continue;
    const int result = try_alias(r, alias, proxy_dir);
    if (result != HTTP_CONTINUE) return result;
  }
  return DECLINED;
}

const char* add_route(cmd_parms* cmd, DirConfig& section, const char* arguments) {
  Words words;
  if (const char* error = split(cmd, arguments, words)) return error;

  auto* proxy_dir = static_cast<proxy_dir_conf*>(
      ap_set_config_vectors(cmd->server, cmd->context, cmd->path, &proxy_module, cmd->pool));
  if (const char* error = run_proxy_pass(cmd, arguments, words, proxy_dir)) return error;
  if (std::string_view(words.url) == "!") return nullptr;  // an exclusion is mod_proxy's alone

  const auto* proxy =
      static_cast<proxy_server_conf*>(ap_get_module_config(cmd->server->module_config, &proxy_module));
  const auto& alias = cmd->path != nullptr
                          ? *proxy_dir->alias
                          : APR_ARRAY_IDX(proxy->aliases, proxy->aliases->nelts - 1, const proxy_alias);
  auto* route = ::new (apr_palloc(cmd->pool, sizeof(Route)))
      Route{.path = words.path, .url = words.url, .real = alias.real, .tunnels = words.tunnels};
  note_route(cmd, route);
  if (words.sets_tunnels) note_tunnel_section(cmd, section, route);
  return nullptr;
}

}  // namespace

const char* set_pass(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_DIRECTORY | NOT_IN_FILES)) return error;
  return guard(cmd->server, "WSFlowPass: out of memory",
               [&] { return add_route(cmd, *static_cast<DirConfig*>(dir_config), arguments); });
}

int pre_translate_name(request_rec* r) noexcept {
  return translate(r, true);
}

int translate_name(request_rec* r) noexcept {
  return translate(r, false);
}

void note_late_route(request_rec* r) noexcept {
  if (state_of(r).route != nullptr) return;
  // translate() maps the request that it gets, here a copy; the copy has the same state as the request.
  request_rec walked = *r;
  walked.proxyreq = PROXYREQ_NONE;
  walked.uri = apr_pstrdup(r->pool, r->uri);
  walked.notes = apr_table_make(r->pool, 2);
  if (translate(&walked, true) == DECLINED) translate(&walked, false);
}

}  // namespace wsflow::httpd
