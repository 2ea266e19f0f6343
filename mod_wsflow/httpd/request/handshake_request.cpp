#include "mod_wsflow/httpd/request/handshake_request.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "mod_wsflow/httpd/request/request_state.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::httpd {

namespace {

std::optional<std::string_view> header(const apr_table_t* table, const char* name) noexcept {
  const char* value = apr_table_get(table, name);
  if (value == nullptr) return std::nullopt;
  return value;
}

// All values of a field: `RequestHeader add` makes a second field, and both together are one list (RFC 9110
// 5.3).
std::optional<std::string_view> list(const request_rec* r, const char* name) noexcept {
  const char* value = apr_table_getm(r->pool, r->headers_in, name);
  if (value == nullptr) return std::nullopt;
  return value;
}

bool is_stream(const conn_rec* c) noexcept {
  return c->master != nullptr;
}

// True if mod_http2 has made this request of a CONNECT with ":protocol: websocket" (RFC 8441). It has then
// added a filter that turns our 101 into a 200. On other streams HTTP/2 has no 101.
bool is_websocket_stream(const conn_rec* c) noexcept {
  for (const auto* filter = c->output_filters; filter != nullptr; filter = filter->next) {
    if (std::string_view(filter->frec->name) == "h2_c2_ws_out") return true;
  }
  return false;
}

// Removes `token` from the list, and the field with its last token.
void take_out(request_rec* r, const char* name, const char* token) {
  const auto values = list(r, name);
  if (!values) return;
  const auto rest = ws::without_token(*values, token);
  if (rest.empty()) {
    apr_table_unset(r->headers_in, name);
  } else {
    apr_table_set(r->headers_in, name, rest.c_str());
  }
}

constexpr std::string_view kSchemes[] = {"ws", "wss", "http", "https", "balancer"};

// The scheme of the URL to which mod_proxy takes the request; empty: none.
std::string_view scheme_of(const request_rec* r) noexcept {
  constexpr std::string_view kProxy = "proxy:";
  // With SetHandler "proxy:...", mod_proxy sets the URL in its handler only.
  const char* text = r->proxyreq == PROXYREQ_NONE ? r->handler : r->filename;
  std::string_view url = r->proxyreq != PROXYREQ_PROXY && text != nullptr ? text : "";
  if (!url.starts_with(kProxy)) return {};
  url.remove_prefix(kProxy.size());
  // unix:/path|http://name/
  if (const auto bar = url.find('|'); ws::equals_ignoring_case(url.substr(0, 5), "unix:") && bar != url.npos)
    url.remove_prefix(bar + 1);
  return url.substr(0, std::min(url.find(':'), url.size()));
}

}  // namespace

ws::UpgradeRequest upgrade_of(const request_rec* r) noexcept {
  const auto* in = r->headers_in;
  // mod_http2 makes an HTTP/1.1 handshake of a WebSocket; the tunnel's bytes are its body.
  const bool stream = is_stream(r->connection) && is_websocket_stream(r->connection);
  const char* length = apr_table_get(in, "Content-Length");
  return {.method = r->method,
          .http_major = stream ? 1 : HTTP_VERSION_MAJOR(r->proto_num),
          .http_minor = stream ? 1 : HTTP_VERSION_MINOR(r->proto_num),
          .upgrade = list(r, "Upgrade"),
          .connection = list(r, "Connection"),
          .key = header(in, "Sec-WebSocket-Key"),
          .version = header(in, "Sec-WebSocket-Version"),
          .has_body = (!stream && apr_table_get(in, "Transfer-Encoding") != nullptr) ||
                      (length != nullptr && std::string_view(length) != "0")};
}

bool asks_for_itself(const request_rec* r) noexcept {
  const bool error_page = r->prev != nullptr && r->status != HTTP_OK;
  return r->main == nullptr && !error_page;
}

bool is_handshake(const request_rec* r, const ws::UpgradeRequest& upgrade) noexcept {
  if (!asks_for_itself(r)) return false;
  if (is_stream(r->connection) && !is_websocket_stream(r->connection)) return false;
  return ws::is_handshake(upgrade);
}

bool opens_tunnel(request_rec* r) noexcept {
  if (!takes_upgrades(r) || !is_handshake(r, upgrade_of(r))) return false;
  const auto scheme = scheme_of(r);
  return std::any_of(std::begin(kSchemes), std::end(kSchemes),
                     [scheme](auto each) { return ws::equals_ignoring_case(scheme, each); });
}

void forget_upgrade(request_rec* r) {
  take_out(r, "Upgrade", "websocket");
  if (apr_table_get(r->headers_in, "Upgrade") == nullptr) take_out(r, "Connection", "upgrade");
}

}  // namespace wsflow::httpd
