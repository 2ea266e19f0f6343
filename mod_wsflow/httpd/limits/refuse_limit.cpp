#include "mod_wsflow/httpd/limits/refuse_limit.hpp"

#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/handshake_request.hpp"
#include "mod_wsflow/httpd/request/refusal.hpp"
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

int refuse_limit(Process* process, request_rec* r, const LimitConfig& rule,
                 const limits::LimitRefusal& refused) noexcept {
  guard_void(r->server, [&] { log(r, rule, refused); });
  if (process != nullptr && opens_tunnel(r)) count_refusal(*process, r, base::HandshakeRefusal::limit);
  // No answer reaches the client.
  if (refused.reason == limits::LimitReason::client_gone) r->connection->aborted = 1;
  return refuse(
      r, {.status = rule.status,
          .reason = base::HandshakeRefusal::limit,
          .retry_after =
              rule.retry_after != 0 ? static_cast<std::uint32_t>(rule.retry_after) : refused.retry_after,
          .sentence =
              "The server has as many of these requests as it can serve well. Please try again in a moment.",
          .limit = rule.definition.name,
          .limit_reason = refused.reason});
}

}  // namespace wsflow::httpd
