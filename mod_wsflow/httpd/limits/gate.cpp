#include "mod_wsflow/httpd/limits/gate.hpp"

#include <algorithm>
#include <string_view>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/limits/demands.hpp"
#include "mod_wsflow/httpd/limits/first_byte.hpp"
#include "mod_wsflow/httpd/limits/hold.hpp"
#include "mod_wsflow/httpd/limits/parked_wait.hpp"
#include "mod_wsflow/httpd/limits/refuse_limit.hpp"
#include "mod_wsflow/httpd/limits/thread_wait.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/handshake_request.hpp"
#include "mod_wsflow/httpd/request/parked_request.hpp"
#include "mod_wsflow/httpd/request/refusal.hpp"

namespace wsflow::httpd {

namespace {

// True for requests that are never refused: error pages, requests that another one with a permit makes on
// its own behalf, and the page by which an operator sees and changes the limits.
bool exempt(const request_rec* r) noexcept {
  return !asks_for_itself(r) || (r->proxyreq == PROXYREQ_NONE && r->handler != nullptr &&
                                 std::string_view(r->handler) == "wsflow-status");
}

// Whether the request that was redirected internally to `r` has it already.
bool has(request_rec* r, limits::LimitNumber limit) noexcept {
  for (auto* each = r->prev; each != nullptr; each = each->prev) {
    const auto* hold = state_of(each).hold;
    if (hold != nullptr && hold->has(limit)) return true;
  }
  return false;
}

void forget_held(request_rec* r, Demands& demands) noexcept {
  unsigned kept = 0;
  for (unsigned i = 0; i < demands.count; ++i) {
    if (has(r, demands.demand[i].limit)) continue;
    demands.demand[kept] = demands.demand[i];
    demands.rule[kept++] = demands.rule[i];
  }
  demands.count = kept;
}

LimitHold& hold(Process& process, request_rec* r, const Demands& demands, limits::PermitRef permit) noexcept {
  auto& held = make_hold(r, *process.limits, permit);
  for (unsigned i = 0; i < demands.count; ++i) held.limits[held.count++] = demands.demand[i].limit;
  return held;
}

const LimitConfig& rule_of(const Demands& demands, limits::LimitNumber limit) noexcept {
  for (unsigned i = 0; i < demands.count; ++i) {
    if (demands.demand[i].limit == limit) return *demands.rule[i];
  }
  return *demands.rule[0];
}

void tell_dry_runs(request_rec* r, const Demands& demands, std::uint32_t would_refuse) noexcept {
  for (unsigned i = 0; i < demands.count; ++i) {
    if ((would_refuse >> i & 1U) != 0)
      ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                    WSFLOGNO(0143) "limit %s would refuse this request (dry-run)",
                    demands.rule[i]->definition.name);
  }
}

bool adapts(const Demands& demands) noexcept {
  return std::any_of(demands.rule.begin(), demands.rule.begin() + demands.count,
                     [](const LimitConfig* rule) { return rule->definition.most != 0; });
}

// Refuses a request that should wait, as there are no descriptors for one more. A wait on its thread would
// take that thread from requests that work.
int refuse_crowded(Process& process, request_rec* r, const Demands& demands) noexcept {
  auto& held = *state_of(r).hold;
  limits::LimitRefusal refused;
  if (!held.limiter.withdraw(held.permit, limits::LimitReason::queue_full, limits::now(), refused))
    return DECLINED;
  held.permit = {};
  const auto& rule = rule_of(demands, refused.limit);
  if (refused.log) {
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  WSFLOGNO(0210) "limit %s: this process has no descriptors for one more request that waits",
                  rule.definition.name);
  }
  return refuse_limit(&process, r, rule, refused);
}

int wait(Process& process, request_rec* r, const Demands& demands, const limits::Answer& answer,
         bool parked) {
  hold(process, r, demands, answer.permit);
  auto* kept = ::new (apr_palloc(r->pool, sizeof(Demands))) Demands(demands);
  state_of(r).demands = kept;
  state_of(r).waits_since = limits::now();
  if (!parked) return wait_on_thread(process, r, answer.permit, answer.wait_until);
  return park(process, r, answer.permit, answer.wait_until) ? SUSPENDED : refuse_crowded(process, r, demands);
}

const LimitConfig* first_rule(request_rec* r, RequestKind& kind) noexcept {
  const auto uses = elements<const AppliedLimit>(config_of(r).limits);
  const auto found =
      std::find_if(uses.begin(), uses.end(), [&](const AppliedLimit& use) { return applies_to(use, kind); });
  return found != uses.end() ? found->rule : nullptr;
}

bool knows_limits(Process* process) noexcept {
  return process != nullptr && process->limits &&
         process->limit_numbers.find(process->server, *process->limits);
}

// Refuses all that is limited, as this process cannot count.
int refuse_blindly(Process* process, request_rec* r, const LimitConfig& rule) noexcept {
  return refuse_limit(process, r, rule,
                      {.limit = {},
                       .reason = limits::LimitReason::unavailable,
                       .retry_after = spread_retry(1, 10),
                       .log = true});
}

int handle(Process* process, request_rec* r) {
  RequestKind kind(r);
  const auto* rule = first_rule(r, kind);
  if (rule == nullptr || exempt(r) || state_of(r).hold != nullptr) return DECLINED;
  if (!knows_limits(process)) return refuse_blindly(process, r, *rule);
  Demands demands;
  find_demands(*process, r, kind, demands);
  if (r->prev != nullptr) forget_held(r, demands);
  if (demands.count == 0) return DECLINED;

  const bool parked = can_park(*process, r);
  const auto how = !process->wait_thread ? limits::Waiting::never
                   : parked              ? limits::Waiting::parked
                                         : limits::Waiting::on_thread;
  const auto answer =
      process->limits->acquire(std::span(demands.demand).first(demands.count), how, limits::now());
  if (answer.would_refuse != 0) tell_dry_runs(r, demands, answer.would_refuse);
  if (adapts(demands)) watch_first_byte(r);
  switch (answer.state) {
    case limits::PermitState::free:
      return refuse_limit(process, r, rule_of(demands, answer.refused.limit), answer.refused);
    case limits::PermitState::waiting: return wait(*process, r, demands, answer, parked);
    case limits::PermitState::held:
    case limits::PermitState::returned: break;
  }
  hold(*process, r, demands, answer.permit);
  return DECLINED;
}

}  // namespace

int limit_gate(request_rec* r) noexcept {
  return guard(r->server, HTTP_INTERNAL_SERVER_ERROR, [&] { return handle(child(), r); });
}

int finish_wait(Process& process, request_rec* r, limits::Wait& wait) noexcept {
  auto& state = state_of(r);
  auto how = wait.end.load(std::memory_order_acquire);
  if (how == limits::Wait::End::none) {
    // The WaitThread has not ended the wait: the stream was reset, or the wait itself failed.
    const auto reason =
        r->connection->aborted != 0 ? limits::LimitReason::client_gone : limits::LimitReason::unavailable;
    const bool ended = state.hold->limiter.withdraw(wait.permit, reason, limits::now(), wait.refused);
    how = ended ? limits::Wait::End::timeout : limits::Wait::End::granted;
  }
  // Only the wait for the permit counts, without the time until this worker learnt of its end.
  const auto waited = std::min(limits::now(), wait.until) - state.waits_since;
  process.recorder.waited(static_cast<std::uint64_t>(std::max<limits::Micros>(waited, 0)));
  if (how == limits::Wait::End::granted) return DECLINED;
  state.hold->permit = {};
  return refuse_limit(&process, r, rule_of(*state.demands, wait.refused.limit), wait.refused);
}

}  // namespace wsflow::httpd
