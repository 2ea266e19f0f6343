#include "mod_wsflow/httpd/handshake/session_end.hpp"

#include <cstdint>

#include "mod_wsflow/config/lifetime.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/request/expression_text.hpp"
#include "mod_wsflow/os/random.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;

base::Instant end_of_lifetime(const config::TunnelSettings& settings) noexcept {
  if (settings.lifetime == 0) return base::Instant::max();
  return base::now() + config::spread(settings.lifetime, settings.jitter, os::random32());
}

// Refuses a handshake whose until= cannot be read: a tunnel that outlives a session because of a misspelled
// variable is worse than no tunnel.
TunnelEnd refuse_wrong(request_rec* r, const char* text, const char* error) noexcept {
  ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                WSFLOGNO(0160) "handshake refused with 500: WSFlowTimeout until= gave \"%s\", which is neither "
                "seconds since 1970 nor \"none\"%s%s", ap_escape_logitem(r->pool, text), error != nullptr ? ": " : "",
                error != nullptr ? error : "");
  return {.failure = {.status = HTTP_INTERNAL_SERVER_ERROR, .reason = HandshakeRefusal::internal}};
}

TunnelEnd end_of_session(request_rec* r, const ap_expr_info_t* until) noexcept {
  const auto [text, error] = evaluate(r, until);
  if (text == nullptr) return refuse_wrong(r, "", error);
  const auto end = config::parse_until(text);
  switch (end.kind) {
    case config::Until::Kind::none: return {};
    case config::Until::Kind::wrong: return refuse_wrong(r, text, nullptr);
    case config::Until::Kind::seconds: break;
  }
  if (end.seconds <= apr_time_sec(apr_time_now())) {
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  WSFLOGNO(0161) "handshake refused with 403: WSFlowTimeout until=, %" APR_INT64_T_FMT
                                 ", has passed",
                  end.seconds);
    return {.failure = {.status = HTTP_FORBIDDEN,
                        .reason = HandshakeRefusal::expired,
                        .sentence = "The session has ended."}};
  }
  // The year 2106 or later: no tunnel lives that long.
  if (end.seconds > UINT32_MAX) return {};
  return {.session = static_cast<std::uint32_t>(end.seconds), .failure = {}};
}

}  // namespace

TunnelEnd find_end(request_rec* r, const TunnelConfig& tunnels) noexcept {
  TunnelEnd end;
  if (tunnels.until != nullptr) end = end_of_session(r, tunnels.until);
  end.lifetime = end_of_lifetime(tunnels.settings);
  return end;
}

}  // namespace wsflow::httpd
