#include "mod_wsflow/httpd/origin/origin_name.hpp"

#include <cstring>
#include <string_view>

namespace wsflow::httpd {

namespace {

bool stands_for_many(const proxy_worker& worker, std::string_view name) noexcept {
  return name.starts_with("proxy:") || (worker.s->is_name_matchable != 0 && name.find('$') != name.npos);
}

int default_port(std::string_view scheme) noexcept {
  return scheme == "wss" || scheme == "https" ? 443 : 80;
}

}  // namespace

OriginName name_origin(request_rec* r, proxy_worker* worker, const char* url) noexcept {
  const char* name = ap_proxy_worker_name(r->pool, worker);
  if (!stands_for_many(*worker, name)) return {.text = name, .of_request = false};
  apr_uri_t uri;
  if (apr_uri_parse(r->pool, url, &uri) != APR_SUCCESS || uri.scheme == nullptr || uri.hostname == nullptr)
    return {.text = name, .of_request = false};
  ap_str_tolower(uri.scheme);
  ap_str_tolower(uri.hostname);
  const char* format = std::strchr(uri.hostname, ':') != nullptr ? "%s%s%s%s://[%s]:%d" : "%s%s%s%s://%s:%d";
  const int port = uri.port_str != nullptr && uri.port != 0 ? uri.port : default_port(uri.scheme);
  // mod_proxy's note of "unix:/path|…".
  const char* path = apr_table_get(r->notes, "uds_path");
  const bool unix_socket = path != nullptr;
  return {.text = apr_psprintf(r->pool, format, unix_socket ? "unix:" : "", unix_socket ? path : "",
                               unix_socket ? "|" : "", uri.scheme, uri.hostname, port),
          .of_request = true};
}

}  // namespace wsflow::httpd
