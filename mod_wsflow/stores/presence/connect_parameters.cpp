#include "mod_wsflow/stores/presence/connect_parameters.hpp"

#include <string_view>

#include "mod_wsflow/stores/store_api.hpp"

namespace wsflow::presence {
namespace {

// A peer that is gone without a word is found in 25 seconds; that of a query on its way by tcp_user_timeout.
constexpr const char* kDefaults =
    "connect_timeout=5 keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=20000 "
    "application_name=mod_wsflow ";

std::string_view text_of(const char* parameters) noexcept {
  std::string_view text = parameters != nullptr ? parameters : "";
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

bool is_uri(std::string_view text) noexcept {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

}  // namespace

const char* check_pgsql_parameters(const char* parameters) noexcept {
  const std::string_view text = text_of(parameters);
  if (text.empty())
    return "no parameters are given: write \"host=/run/postgresql dbname=wsflow user=wsflow\"";
  if (!is_uri(text) && text.find('=') == std::string_view::npos)
    return "the parameters are neither keyword=value nor postgresql://";
  return nullptr;
}

const char* check_sqlite_parameters(const char* parameters) noexcept {
  const std::string_view text = text_of(parameters);
  if (text.empty()) return "no file is given: write its path, as \"/var/lib/wsflow/presence.db\"";
  if (parameters[0] != '/') return "the path of the file does not begin with /";
  if (text.ends_with('/')) return "the path is that of a folder";
  return nullptr;
}

const char* with_pgsql_defaults(apr_pool_t* pool, const char* parameters) noexcept {
  return is_uri(text_of(parameters)) ? parameters : apr_pstrcat(pool, kDefaults, parameters, nullptr);
}

bool may_quote_parameters(const char* reason) noexcept {
  const std::string_view text = reason;
  for (const std::string_view words :
       {"connection info", "connection option", "connection string", "URI", "percent-encoded"}) {
    if (text.find(words) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace wsflow::presence
