#include "mod_wsflow/httpd/origin/origin_refusal.hpp"

#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/process.hpp"

namespace wsflow::httpd {

namespace {

// The most frequent cause of a refusal, for the log line.
const char* advice(int status) noexcept {
  switch (status) {
    case HTTP_BAD_REQUEST:
    case HTTP_FORBIDDEN:
    case HTTP_NOT_FOUND:
    case HTTP_MISDIRECTED_REQUEST:
      return ": does it need the name that the browser asked for (ProxyPreserveHost On), this site among its "
             "allowed "
             "hosts or origins, or another path?";
    case HTTP_UNAUTHORIZED: return ": it wants to know who the client is";
    case HTTP_UPGRADE_REQUIRED: return ": is something between that drops the Upgrade?";
    default: return ap_is_HTTP_REDIRECT(status) ? ": WebSocket clients follow no redirect" : "";
  }
}

}  // namespace

void tell_origin_refusal(Process& process, request_rec* r, const Origin& origin, int status) noexcept {
  const auto* known = state_of(r).route;
  const char* route = known != nullptr && known->path != nullptr ? known->path : "none (WSFlow On)";
  const char* server = server_name(r->server);
  const auto& name = origin.name();
  // All origins that clients may choose count as one.
  const bool first =
      process.refusing_origins.first(base::Thing() << server << route << (name.of_request ? "" : name.text)
                                                   << static_cast<unsigned>(status));
  ap_log_rerror(APLOG_MARK, first ? APLOG_WARNING : APLOG_INFO, 0, r,
                WSFLOGNO(0073) "the origin %s (route %s) refused the handshake with %d%s", name.text, route,
                status, advice(status));
}

}  // namespace wsflow::httpd
