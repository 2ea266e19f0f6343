#include "mod_wsflow/httpd/limits/refuse_limit.hpp"

#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/handshake_request.hpp"
#include "mod_wsflow/httpd/request/request_state.hpp"
#include "mod_wsflow/status/limit_text.hpp"

namespace wsflow::httpd {

namespace {

void log(const request_rec* r, const LimitConfig& rule, const limits::LimitRefusal& refused) {
  if (!refused.log) return;
  ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                WSFLOGNO(0140) "limit %s refuses requests (%s): this one with %d; %" APR_UINT64_T_FMT
                               " others since the last line; %s",
                rule.definition.name, limits::name(refused.reason), rule.status, refused.skipped,
                status::advice(refused.need, rule.definition.keyed).c_str());
}

}  // namespace

int refuse_limit(request_rec* r, const LimitConfig& rule, const limits::LimitRefusal& refused) noexcept {
  guard_void(r->server, [&] { log(r, rule, refused); });
  const auto after =
      rule.retry_after != 0 ? static_cast<std::uint32_t>(rule.retry_after) : refused.retry_after;
  auto* headers = r->err_headers_out;
  apr_table_setn(headers, "Retry-After", apr_psprintf(r->pool, "%u", after));
  apr_table_setn(headers, "Cache-Control", "no-store");
  apr_table_setn(headers, "WSFlow-Limit", rule.definition.name);
  apr_table_setn(r->subprocess_env, "WSFLOW_REFUSED_BY",
                 apr_pstrcat(r->pool, "limit:", rule.definition.name, nullptr));
  apr_table_setn(r->subprocess_env, "WSFLOW_LIMIT_REASON", limits::name(refused.reason));
  apr_table_setn(r->subprocess_env, "WSFLOW_OUTCOME", "refused");
  explain(r, "The server has as many of these requests as it can serve well. Please try again in a moment.");
  if (opens_tunnel(r)) count_refusal(r, base::HandshakeRefusal::limit);
  // No answer reaches it.
  if (refused.reason == limits::LimitReason::client_gone) r->connection->aborted = 1;
  return rule.status;
}

}  // namespace wsflow::httpd
