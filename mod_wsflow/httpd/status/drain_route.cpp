#include "mod_wsflow/httpd/status/drain_route.hpp"

#include <algorithm>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/httpd/housekeeping/close_jobs.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/status/action_log.hpp"
#include "mod_wsflow/os/random.hpp"
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

std::string_view name_of(const server_rec* server) noexcept {
  return server->server_hostname != nullptr ? server->server_hostname : "";
}

// Whether the configuration has this route, or some tunnel has used it.
bool is_known(const shm::Layout& layout, const shm::ClosedRoute& wanted) {
  for (const auto* server = child()->server; server != nullptr; server = server->next) {
    const auto routes = elements<const Route*>(config_of(server).routes);
    if (std::any_of(routes.begin(), routes.end(),
                    [&](const Route* route) { return named(name_of(server), route->path) == wanted; }))
      return true;
  }
  const auto labels = shm::all_labels(layout);
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

}  // namespace

ActionAnswer drain_route(request_rec* r, shm::Layout& layout, std::span<const status::Field> fields) {
  std::string wrong;
  const auto action = status::read_drain_action(fields, wrong);
  if (!action) return {.status = HTTP_BAD_REQUEST, .text = std::move(wrong)};
  if (!is_known(layout, named(action->server, action->route)))
    return {.status = HTTP_NOT_FOUND, .text = "there is no " + texts_of(*action)};
  const auto now = base::now_us();
  // So that it is shown even if nobody has used it.
  shm::intern(layout, {.server = action->server, .route = action->route, .origin = {}});
  const bool was_closed = shm::is_closed(layout, action->server, action->route);
  if (!shm::close_route(layout, action->server, action->route, now))
    return {.status = HTTP_SERVICE_UNAVAILABLE, .text = "32 routes are drained: no more can be"};
  const shm::Reading<shm::Job> job{job_of(*action), shm::kSet | static_cast<std::uint64_t>(now)};
  if (!shm::add_job(layout, job.facts, now)) {
    if (!was_closed) shm::open_route(layout, action->server, action->route);
    return {.status = HTTP_SERVICE_UNAVAILABLE, .text = kTooManyJobs};
  }
  status::TunnelsEnded done{.pace = action->pace, .drained = true};
  done.matched = count_matching(layout, job).value_or(0);
  if (action->pace == 0) done.told = end_matching(layout, job, SIZE_MAX).value_or(0);
  ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r,
                WSFLOGNO(0153) "%s drained by %s at %s: Close %d to its %" APR_UINT64_T_FMT
                               " tunnels, %" APR_UINT64_T_FMT " told, %d a second from now on",
                escaped(r, texts_of(*action)), actor(r), r->useragent_ip, action->code, done.matched,
                done.told, done.pace);
  return {.text = status::to_json(done), .anchor = "#routes"};
}

ActionAnswer undrain_route(request_rec* r, shm::Layout& layout, std::span<const status::Field> fields) {
  std::string wrong;
  const auto action = status::read_undrain_action(fields, wrong);
  if (!action) return {.status = HTTP_BAD_REQUEST, .text = std::move(wrong)};
  if (!shm::open_route(layout, action->server, action->route))
    return {.status = HTTP_NOT_FOUND, .text = texts_of(*action) + " is not drained"};
  ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, WSFLOGNO(0154) "%s undrained by %s at %s",
                escaped(r, texts_of(*action)), actor(r), r->useragent_ip);
  return {.text = status::to_json(status::TunnelsEnded{.drained = false}), .anchor = "#routes"};
}

Failure check_drained(request_rec* r) noexcept {
  const auto* route = state_of(r).route;
  const auto* process = child();
  if (route == nullptr || process == nullptr ||
      !shm::is_closed(process->segment, name_of(r->server), route->path))
    return {};
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                WSFLOGNO(0156) "handshake refused with 503: the route %s is drained", route->path);
  // Spread, so that a herd does not come back as one.
  apr_table_setn(r->err_headers_out, "Retry-After",
                 apr_itoa(r->pool, static_cast<int>(10 + os::random32() % 20)));
  explain(r, "This service takes no new connections at the moment. Please try again in a while.");
  return {HTTP_SERVICE_UNAVAILABLE, base::HandshakeRefusal::route_drained};
}

}  // namespace wsflow::httpd
