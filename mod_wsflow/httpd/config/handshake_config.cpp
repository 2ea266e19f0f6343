#include "mod_wsflow/httpd/config/handshake_config.hpp"

#include <algorithm>
#include <new>
#include <span>
#include <string_view>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/os/local_address.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::httpd {

namespace {

using Words = std::span<const char* const>;

HandshakeConfig& handshakes_of(void* dir_config) noexcept {
  return static_cast<DirConfig*>(dir_config)->handshakes;
}

const char* failure(const cmd_parms* cmd, const char* word, const char* why) noexcept {
  return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", word, ": ", why, nullptr);
}

// Splits the arguments; an error message or nullptr.
const char* split(cmd_parms* cmd, const char* arguments, const char* expected, Words& words) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) return error;
  auto* array = apr_array_make(cmd->pool, 4, sizeof(const char*));
  while (*arguments != '\0') APR_ARRAY_PUSH(array, const char*) = ap_getword_conf(cmd->pool, &arguments);
  words = elements<const char* const>(array);
  return words.empty() ? apr_pstrcat(cmd->pool, cmd->cmd->name, " needs ", expected, nullptr) : nullptr;
}

// "any" lifts what was inherited.
bool lifts(Words words) noexcept {
  return words.size() == 1 && std::string_view(words[0]) == "any";
}

bool* flag_of(config::OriginRules& rules, std::string_view word) noexcept {
  if (word == "any") return &rules.any;
  if (word == "same") return &rules.same;
  if (word == "null") return &rules.opaque;
  if (word == "required") return &rules.required;
  if (word == "report-only") return &rules.report_only;
  return nullptr;
}

// An error message or nullptr.
const char* add_source(const cmd_parms* cmd, const char* word, apr_array_header_t* sources) noexcept {
  if (!os::is_address(word)) return failure(cmd, word, "needs numeric IPv4 or IPv6 addresses, or any");
  for (int i = 0; i < sources->nelts; ++i) {
    const char* known = nullptr;
    apr_sockaddr_ip_get(const_cast<char**>(&known), APR_ARRAY_IDX(sources, i, apr_sockaddr_t*));
    if (std::string_view(known) == word) return failure(cmd, word, "is given twice");
  }
  if (!os::is_local_address(word)) return failure(cmd, word, "is no address of this machine");
  apr_sockaddr_t* address = nullptr;
  if (apr_sockaddr_info_get(&address, word, APR_UNSPEC, 0, 0, cmd->pool) != APR_SUCCESS) {
    return failure(cmd, word, "is an address that APR does not know");
  }
  APR_ARRAY_PUSH(sources, apr_sockaddr_t*) = address;
  return nullptr;
}

}  // namespace

const char* set_origin(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept {
  Words words;
  constexpr const char* kExpected = "any, or one or more of same, null, [scheme://]host[:port]";
  if (const char* error = split(cmd, arguments, kExpected, words)) return error;
  auto& rules = *::new (apr_palloc(cmd->pool, sizeof(config::OriginRules))) config::OriginRules{};
  auto* patterns = static_cast<config::OriginPattern*>(
      apr_palloc(cmd->pool, sizeof(config::OriginPattern) * words.size()));
  std::size_t known = 0;
  for (const char* word : words) {
    if (auto* flag = flag_of(rules, word)) {
      *flag = true;
    } else if (const auto pattern = config::parse_origin_pattern(word)) {
      ::new (patterns + known++) config::OriginPattern(*pattern);
    } else {
      return failure(
          cmd, word,
          "unknown; expected any, same, null, required, report-only, or [scheme://]host[:port], where "
          "the host may be *.domain or *, and the port *");
    }
  }
  rules.patterns = {patterns, known};
  const bool lists = rules.same || rules.opaque || known != 0;
  if (rules.any == lists) {
    return failure(cmd, words.front(),
                   rules.any ? "any leaves nothing for the others to allow"
                             : "allows nobody; expected same, null or hosts, or any");
  }
  handshakes_of(dir_config).origins = &rules;
  keep_sent_fields();
  return nullptr;
}

const char* set_protocol(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept {
  Words words;
  if (const char* error = split(cmd, arguments, "any, or names of sub-protocols", words)) return error;
  auto* protocols = apr_array_make(cmd->pool, static_cast<int>(words.size()), sizeof(const char*));
  if (!lifts(words)) {
    for (const char* word : words) {
      if (!ws::is_token(word)) {
        return failure(cmd, word, "is no sub-protocol: expected letters, digits and !#$%&'*+-.^_`|~");
      }
      APR_ARRAY_PUSH(protocols, const char*) = word;
    }
  }
  handshakes_of(dir_config).protocols = protocols;
  return nullptr;
}

const char* set_extensions(cmd_parms* cmd, void* dir_config, const char* word) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) return error;
  const std::string_view value(word);
  if (value != "pass" && value != "strip") return failure(cmd, word, "expected pass or strip");
  handshakes_of(dir_config).strip_extensions = value == "strip";
  return nullptr;
}

const char* set_source_address(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept {
  Words words;
  if (const char* error = split(cmd, arguments, "any, or addresses of this machine", words)) return error;
  auto* sources = apr_array_make(cmd->pool, static_cast<int>(words.size()), sizeof(apr_sockaddr_t*));
  for (const char* word : lifts(words) ? Words{} : words) {
    if (const char* error = add_source(cmd, word, sources)) return error;
  }
  handshakes_of(dir_config).sources = sources;
  return nullptr;
}

}  // namespace wsflow::httpd
