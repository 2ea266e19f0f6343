#include "mod_wsflow/httpd/status/drain_route.hpp"

#include <algorithm>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/housekeeping/close_jobs.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/status/action.hpp"
#include "mod_wsflow/shm/labels.hpp"
#include "mod_wsflow/status/action_close.hpp"
#include "mod_wsflow/status/action_drain.hpp"
#include "mod_wsflow/status/json_action.hpp"

namespace wsflow::httpd {

namespace {

shm::ClosedRoute named(std::string_view server, std::string_view route) noexcept {
  return {.server = shm::packed<sizeof(shm::ClosedRoute::server)>(server),
          .route = shm::packed<sizeof(shm::ClosedRoute::route)>(route)};
}

// True if the configuration has this route, or some tunnel has used it.
bool is_known(const Process& process, const shm::ClosedRoute& wanted) {
  for (const auto* server = process.server; server != nullptr; server = server->next) {
    const auto routes = elements<const Route*>(config_of(server).routes);
    if (std::any_of(routes.begin(), routes.end(),
                    [&](const Route* route) { return named(server_name(server), route->path) == wanted; }))
      return true;
  }
  const auto labels = shm::all_labels(process.segment);
  return std::any_of(labels.begin() + 1, labels.end(),
                     [&](const auto& label) { return named(label.server, label.route) == wanted; });
}

std::string texts_of(const status::DrainAction& action) {
  return "route " + std::string(action.route) + " of " + std::string(action.server);
}

shm::Job job_of(const status::DrainAction& action) noexcept {
  shm::Job job{};
  job.server = shm::packed<sizeof(job.server)>(action.server);
  job.route = shm::packed<sizeof(job.route)>(action.route);
  job.pace = static_cast<std::uint32_t>(action.pace != 0 ? action.pace : status::kMostPace);
  job.code = action.code;
  job.drains = 1;
  return job;
}

ActionAnswer question(const status::DrainAction& action, std::uint64_t matched) {
  const auto what = status::tunnels_text(matched);
  return {
      .anchor = "#routes",
      .question = status::Question{
          .title = "Drain " + texts_of(action) + ", and close " + what + "?",
          .sentences = {"Its handshakes get 503 from then on, until it is told to take new tunnels again.",
                        "Each of its tunnels gets a Close frame with the code " +
                            std::to_string(action.code) + ", on both sides. " +
                            status::pace_text(matched, action.pace)},
          .button = "Drain, and close " + what,
          .closes = true}};
}

}  // namespace

ActionAnswer drain_route(Process& process, request_rec* r, std::span<const status::Field> fields) {
  const auto action = status::read_drain_action(fields);
  if (!action) return {.status = HTTP_BAD_REQUEST, .text = action.wrong()};
  if (!is_known(process, named(action->server, action->route)))
    return {.status = HTTP_NOT_FOUND, .text = "there is no " + texts_of(*action)};
  const auto now = base::now_us();
  const shm::Reading<shm::Job> job{job_of(*action), shm::kSet | static_cast<std::uint64_t>(now)};
  if (status::asks_first(fields)) return question(*action, count_matching(process.segment, job).value_or(0));
  // The status shows the route then, even if nobody has used it.
  shm::intern(process.segment, {.server = action->server, .route = action->route, .origin = {}});
  const bool was_closed = shm::is_closed(process.segment, action->server, action->route);
  if (!shm::close_route(process.segment, action->server, action->route, now))
    return {.status = HTTP_SERVICE_UNAVAILABLE, .text = "32 routes are drained: no more can be"};
  if (!shm::add_job(process.segment, job.facts, now)) {
    if (!was_closed) shm::open_route(process.segment, action->server, action->route);
    return {.status = HTTP_SERVICE_UNAVAILABLE, .text = kTooManyJobs};
  }
  status::TunnelsEnded done{.pace = action->pace, .drained = true};
  done.matched = count_matching(process.segment, job).value_or(0);
  if (action->pace == 0) done.told = end_matching(process.segment, job, SIZE_MAX).value_or(0);
  ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r,
                WSFLOGNO(0153) "%s drained by %s at %s: Close %d to its %" APR_UINT64_T_FMT
                               " tunnels, %" APR_UINT64_T_FMT " told, %d a second from now on",
                escaped(r, texts_of(*action)), actor(r), r->useragent_ip, action->code, done.matched,
                done.told, done.pace);
  return {.text = status::to_json(done), .anchor = "#routes"};
}

ActionAnswer undrain_route(Process& process, request_rec* r, std::span<const status::Field> fields) {
  const auto action = status::read_undrain_action(fields);
  if (!action) return {.status = HTTP_BAD_REQUEST, .text = action.wrong()};
  if (status::asks_first(fields) && shm::is_closed(process.segment, action->server, action->route)) {
    return {.anchor = "#routes",
            .question = status::Question{.title = "Take new tunnels again?",
                                         .sentences = {"The " + texts_of(*action) + " is drained."},
                                         .button = "Take new tunnels"}};
  }
  if (!shm::open_route(process.segment, action->server, action->route))
    return {.status = HTTP_NOT_FOUND, .text = texts_of(*action) + " is not drained"};
  ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, WSFLOGNO(0154) "%s undrained by %s at %s",
                escaped(r, texts_of(*action)), actor(r), r->useragent_ip);
  return {.text = status::to_json(status::TunnelsEnded{.drained = false}), .anchor = "#routes"};
}

}  // namespace wsflow::httpd
