#include "mod_wsflow/httpd/handshake/policy.hpp"

#include <optional>
#include <string_view>

#include "mod_wsflow/config/subprotocols.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/sent_fields.hpp"
#include "mod_wsflow/shm/jobs.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;

constexpr const char* kProtocol = "Sec-WebSocket-Protocol";

// The origin of a page of this site, by the Host that the browser sent: the browser does not know what
// RequestHeader makes of it.
const char* own_origin(request_rec* r) noexcept {
  const char* host = sent_field(r, "Host");
  return apr_pstrcat(r->pool, ap_http_scheme(r), "://", host != nullptr ? host : "", nullptr);
}

Failure check_origin(Process* process, request_rec* r, const config::OriginRules& rules) {
  const char* field = sent_field(r, "Origin");
  const auto given = field != nullptr ? std::optional<std::string_view>(field) : std::nullopt;
  if (config::allows(rules, given, own_origin(r))) return {};
  const char* told = field != nullptr ? field : "none";  // httpd escapes it
  if (rules.report_only) {
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  WSFLOGNO(0172) "would refuse the handshake (report-only): its Origin is %s", told);
    if (process != nullptr) process->recorder.add(metrics::kOriginReports);
    return {};
  }
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                WSFLOGNO(0171) "handshake refused with 403: its Origin is %s (WSFlowOrigin)", told);
  return {.status = HTTP_FORBIDDEN, .reason = HandshakeRefusal::origin_not_allowed};
}

Failure check_protocols(request_rec* r, const apr_array_header_t* allowed) {
  const char* offered = apr_table_get(r->headers_in, kProtocol);
  // An empty list offers nothing.
  if (offered == nullptr || std::string_view(offered).find_first_not_of(", \t") == std::string_view::npos) {
    apr_table_unset(r->headers_in, kProtocol);
    return {};
  }
  const auto kept = config::allowed_protocols(offered, elements<const char*>(allowed));
  if (kept.empty()) {
    ap_log_rerror(
        APLOG_MARK, APLOG_INFO, 0, r,
        WSFLOGNO(0173) "handshake refused with 403: no sub-protocol of %s is allowed (WSFlowProtocol)",
        offered);
    return {.status = HTTP_FORBIDDEN, .reason = HandshakeRefusal::protocol_not_allowed};
  }
  apr_table_set(r->headers_in, kProtocol, kept.c_str());
  return {};
}

}  // namespace

Failure apply_policy(Process* process, request_rec* r, const HandshakeConfig& config) {
  if (config.origins != nullptr) {
    if (const auto failure = check_origin(process, r, *config.origins)) return failure;
  }
  if (config.protocols != nullptr && config.protocols->nelts != 0) {
    if (const auto failure = check_protocols(r, config.protocols)) return failure;
  }
  if (config.strip_extensions.value_or(false)) apr_table_unset(r->headers_in, "Sec-WebSocket-Extensions");
  return {};
}

Failure check_drained(const Process& process, request_rec* r) noexcept {
  const auto* route = state_of(r).route;
  if (route == nullptr || !shm::is_closed(process.segment, server_name(r->server), route->path)) return {};
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                WSFLOGNO(0156) "handshake refused with 503: the route %s is drained", route->path);
  return {.status = HTTP_SERVICE_UNAVAILABLE,
          .reason = HandshakeRefusal::route_drained,
          .retry_after = spread_retry(10, 20),
          .sentence = "This service takes no new connections at the moment. Please try again in a while."};
}

}  // namespace wsflow::httpd
