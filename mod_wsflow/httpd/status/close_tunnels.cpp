#include "mod_wsflow/httpd/status/close_tunnels.hpp"

#include <algorithm>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/housekeeping/close_jobs.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/status/action.hpp"
#include "mod_wsflow/httpd/status/limit_key.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"
#include "mod_wsflow/status/action_close.hpp"
#include "mod_wsflow/status/json_action.hpp"

namespace wsflow::httpd {

namespace {

constexpr const char* kLocked = "the limits are locked: try again";

// Adds the limit of `action` to `job`, and its key as requests of that limit have it. Returns the error, or
// 200.
ActionAnswer add_key(const Process& process, const status::CloseAction& action, shm::Job& job) {
  const auto* rule = defined_limit(process.server, action.limit);
  const auto limit = status::said({.name = "limit", .value = action.limit});
  if (rule == nullptr) return {.status = HTTP_NOT_FOUND, .text = limit + ": there is no such limit"};
  if (rule->key == nullptr) return {.status = HTTP_BAD_REQUEST, .text = limit + ": it has no key="};
  const auto key = key_in(*rule, process.segment, action.key);
  std::copy(std::begin(key.hash), std::end(key.hash), job.key);
  job.limit = shm::packed<sizeof(job.limit)>(action.limit);
  return {};
}

shm::Job job_of(const status::CloseAction& action) noexcept {
  return {.user = shm::packed<sizeof(shm::Job::user)>(action.user),
          .client = shm::packed<sizeof(shm::Job::client)>(action.client),
          .server = shm::packed<sizeof(shm::Job::server)>(action.server),
          .route = shm::packed<sizeof(shm::Job::route)>(action.route),
          .origin = shm::packed<sizeof(shm::Job::origin)>(action.origin),
          .limit = {},
          .id = action.id.value_or(0),
          .key = {},
          .pace = static_cast<std::uint32_t>(action.pace),
          .code = action.code,
          .drains = 0};
}

}  // namespace

ActionAnswer close_tunnels(Process& process, request_rec* r, std::span<const status::Field> fields) {
  const auto action = status::read_close_action(fields);
  if (!action) return {.status = HTTP_BAD_REQUEST, .text = action.wrong()};
  const auto now = base::now_us();
  shm::Reading<shm::Job> job{job_of(*action), shm::kSet | static_cast<std::uint64_t>(now)};
  if (!action->limit.empty()) {
    auto answer = add_key(process, *action, job.facts);
    if (answer.status != HTTP_OK) return answer;
  }
  status::TunnelsEnded done{.pace = action->pace};
  const auto matched = count_matching(process.segment, job);
  if (!matched) return {.status = HTTP_SERVICE_UNAVAILABLE, .text = kLocked};
  if (action->id && *matched == 0)
    return {.status = HTTP_NOT_FOUND, .text = "there is no such tunnel: " + status::told(*action)};
  done.matched = *matched;
  if (status::asks_first(fields)) {
    const auto what = status::tunnels_text(done.matched);
    return {
        .anchor = "#tunnels",
        .question = status::Question{
            .title = "Close " + what + "?",
            .sentences = {"With " + status::told(*action) + ".",
                          "Each gets a Close frame with the code " + std::to_string(action->code) +
                              ", on both sides. " + status::pace_text(done.matched, action->pace),
                          "Their clients may come again: only a drained route or a limit keeps them away."},
            .button = "Close " + what,
            .closes = true}};
  }
  if (action->pace == 0) {
    const auto ended = end_matching(process.segment, job, SIZE_MAX);
    if (!ended) return {.status = HTTP_SERVICE_UNAVAILABLE, .text = kLocked};
    done.told = *ended;
  } else if (!shm::add_job(process.segment, job.facts, now)) {
    return {.status = HTTP_SERVICE_UNAVAILABLE, .text = kTooManyJobs};
  }
  ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r,
                WSFLOGNO(0152) "tunnels closed by %s at %s: Close %d to %s: %" APR_UINT64_T_FMT
                               " match, %" APR_UINT64_T_FMT " told, %d a second from now on",
                actor(r), r->useragent_ip, action->code, escaped(r, status::told(*action)), done.matched,
                done.told, done.pace);
  return {.text = status::to_json(done), .anchor = "#tunnels"};
}

}  // namespace wsflow::httpd
