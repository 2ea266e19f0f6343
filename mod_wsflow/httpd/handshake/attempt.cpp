#include "mod_wsflow/httpd/handshake/attempt.hpp"

#include <string_view>
#include <utility>

#include "mod_wsflow/httpd/handshake/accept_key.hpp"
#include "mod_wsflow/httpd/handshake/policy.hpp"
#include "mod_wsflow/httpd/limits/hold.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/origin/origin_refusal.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"
#include "mod_wsflow/httpd/tunnel/handover.hpp"
#include "mod_wsflow/ws/handshake.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;

std::optional<std::string_view> header(const apr_table_t* table, const char* name) noexcept {
  const char* value = apr_table_get(table, name);
  if (value == nullptr) return std::nullopt;
  return value;
}

// A field of the answer. Several of one name are joined as a list (RFC 9110 5.3), without empty ones.
std::optional<std::string_view> field(const request_rec* r, const ws::ResponseHead& head,
                                      const char* name) noexcept {
  const char* joined = nullptr;
  for (const auto& each : head.fields) {
    if (ap_cstr_casecmpn(each.name.data(), name, each.name.size()) != 0 || name[each.name.size()] != '\0')
      continue;
    if (joined != nullptr && each.value.empty()) continue;
    const char* value = apr_pstrmemdup(r->pool, each.value.data(), each.value.size());
    joined =
        joined == nullptr || *joined == '\0' ? value : apr_pstrcat(r->pool, joined, ", ", value, nullptr);
  }
  if (joined == nullptr) return std::nullopt;
  return joined;
}

}  // namespace

Attempt::Attempt(Process& process, request_rec* r, const Origin::Target& target, const TunnelConfig& tunnels,
                 const TunnelEnd& end, tunnel::Admission::Lease admission, bool offload)
    : process_(process),
      r_(r),
      target_(target),
      tunnels_(tunnels),
      end_(end),
      admission_(std::move(admission)),
      stays_(reason_to_stay(process, r)),
      origin_(process, r, target_, tunnels_.settings, offload) {}

Step Attempt::end_with(int status) noexcept {
  status_ = status;
  ended_ = true;
  relay_.reset();
  origin_.release();
  { const auto given_back = std::move(admission_); }
  { const auto given_back = std::move(share_); }
  return {};
}

Step Attempt::fail(const Failure& failure) noexcept {
  return end_with(refuse(r_, failure));
}

void Attempt::give_up(const Failure& failure) noexcept {
  fail(failure);
}

void Attempt::client_left() noexcept {
  r_->connection->aborted = 1;
  if (relay_) {
    end_with(DONE);
    return;
  }
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r_, WSFLOGNO(0364) "the client left before its origin answered");
  fail({.status = HTTP_BAD_REQUEST, .reason = HandshakeRefusal::client_gone});
}

void Attempt::leave_worker() noexcept {
  if (!stays_) const auto given_back = std::move(share_);
}

bool Attempt::may_block() noexcept {
  if (const auto failure = enter_share()) fail(failure);
  return !ended_;
}

Step Attempt::advance() {
  if (ended_) return {};
  if ((stays_ || origin_.blocks()) && !may_block()) return {};
  if (!relay_) {
    const auto step = origin_.advance();
    if (step.kind == Step::Kind::waits) return step;
    if (step.kind == Step::Kind::failed) return fail(step.failure);
    if (origin_.head().status == HTTP_SWITCHING_PROTOCOLS) return answered();
    tell_origin_refusal(process_, r_, origin_, origin_.head().status);
    refuse(r_, {origin_.head().status, HandshakeRefusal::origin_status});
    relay_.emplace(r_, origin_);
  }
  const auto step = relay_->advance();
  return step.kind == Step::Kind::waits ? step : end_with(relay_->status());
}

Step Attempt::answered() {
  auto failure = judge_switching();
  if (!failure && !stays_) stays_ = origin_reason_to_stay(r_, origin_.foreign());
  if (!failure && stays_) failure = enter_share();
  // The route may have been drained while the origin made up its mind.
  if (!failure) failure = check_drained(process_, r_);
  if (!failure) failure = start_tunnel();
  return failure ? fail(failure) : end_with(OK);
}

// Takes a share of the worker threads for what holds one: the rest of the site keeps enough of them.
Failure Attempt::enter_share() noexcept {
  if (share_) return {};
  const auto* connection = r_->connection->master;
  if (connection == nullptr) {
    share_ = process_.workers.enter();
  } else {
    auto* state = state_of(connection);
    share_ = process_.workers.enter_stream(state != nullptr ? &state->worker_tunnels : nullptr);
  }
  if (share_) return {};
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r_, WSFLOGNO(0221)
                "handshake refused with 503: tunnels and handshakes hold their share of the worker threads already (%u "
                "in this process)", process_.workers.taken());
  return no_room(HandshakeRefusal::worker_share);
}

// Checks the 101 as RFC 6455 4.1 tells a client to, on behalf of our client. Without check_protocol the
// client checks the sub-protocol itself.
Failure Attempt::judge_switching() const {
  auto* r = r_;
  const auto& head = origin_.head();
  const bool checked = config_of(r).handshakes.check_protocol.value_or(true);
  const auto verdict = ws::judge_answer(
      {.upgrade = field(r, head, "Upgrade"),
       .connection = field(r, head, "Connection"),
       .accept = field(r, head, "Sec-WebSocket-Accept"),
       .protocol = checked ? field(r, head, "Sec-WebSocket-Protocol") : std::nullopt,
       .extensions = field(r, head, "Sec-WebSocket-Extensions")},
      accept_key(apr_table_get(r->headers_in, "Sec-WebSocket-Key")).view(),
      header(r->headers_in, "Sec-WebSocket-Protocol"), header(r->headers_in, "Sec-WebSocket-Extensions"));
  if (verdict == ws::AnswerVerdict::ok) return {};
  ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, WSFLOGNO(0072) "the 101 of the origin %s is refused: %s",
                origin_.name().text, ws::describe(verdict));
  return {HTTP_BAD_GATEWAY, HandshakeRefusal::origin_bad_answer};
}

Failure Attempt::start_tunnel() {
  const auto id = process_.random.next64();
  note_tunnel(r_, id);
  note_first_byte(r_);
  Handover handover{.admission = std::move(admission_),
                    .settings = tunnels_.settings,
                    .lives_until = end_.lifetime,
                    .session_until = end_.session,
                    .id = id};
  if (!stays_) {
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r_, WSFLOGNO(0074) "tunnel %016" APR_UINT64_T_HEX_FMT " to %s",
                  id, origin_.name().text);
    return hand_over(process_, r_, origin_, std::move(handover));
  }
  // The first tunnel of each reason is worth a warning, with its cure.
  const bool first = is_first(process_, stays_);
  ap_log_rerror(APLOG_MARK, first ? APLOG_WARNING : APLOG_INFO, 0, r_,
                WSFLOGNO(0075) "tunnel %016" APR_UINT64_T_HEX_FMT " to %s holds this worker thread: %s", id,
                origin_.name().text,
                first ? apr_pstrcat(r_->pool, stays_.why, ": ", stays_.cure, nullptr) : stays_.why);
  return run_on_worker(process_, r_, origin_, std::move(handover));
}

}  // namespace wsflow::httpd
