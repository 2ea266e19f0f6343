#include "mod_wsflow/httpd/status/change_limit.hpp"

#include <algorithm>
#include <optional>

#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/process/retained_wakeups.hpp"
#include "mod_wsflow/httpd/status/action.hpp"
#include "mod_wsflow/limits/view.hpp"
#include "mod_wsflow/status/action_limit.hpp"
#include "mod_wsflow/status/json_limits.hpp"

namespace wsflow::httpd {

namespace {

std::optional<limits::LimitView> view_of(const limits::LimitsAccess& access, std::string_view name) {
  auto views = limits::all_limits(access, limits::now());
  const auto found = std::find_if(views.begin(), views.end(), [&](const limits::LimitView& view) {
    return view.configured && view.name == name;
  });
  return found != views.end() ? std::optional(std::move(*found)) : std::nullopt;
}

}  // namespace

ActionAnswer change_limit(Process& process, request_rec* r, std::span<const status::Field> fields) {
  const auto action = status::read_limit_action(fields);
  if (!action) return {.status = HTTP_BAD_REQUEST, .text = action.wrong()};
  const auto wakeups = retained_wakeups();
  const limits::LimitsAccess access(shm::limits_table(process.segment), wakeups);
  const auto before = view_of(access, action->limit);
  const auto unknown = status::said({.name = "name", .value = action->limit}) + ": there is no such limit";
  if (!before) return {.status = HTTP_NOT_FOUND, .text = unknown};
  auto wrong = status::out_of_place(action->change, before->defined);
  if (!wrong.empty()) return {.status = HTTP_BAD_REQUEST, .text = std::move(wrong)};
  if (status::asks_first(fields)) {
    return {.anchor = "#limits",
            .question = status::Question{
                .title = "Change limit " + before->name + "?",
                .sentences = {status::told(action->change, before->now) + ".",
                              "No tunnel is closed by it: " + std::to_string(before->in_use) +
                                  " permits are in use and stay so."},
                .button = "Change it"}};
  }
  if (!limits::change(access, action->limit, action->change, limits::now())) {
    return {.status = HTTP_SERVICE_UNAVAILABLE, .text = "the limits are locked: try again"};
  }
  ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, WSFLOGNO(0150) "limit %s changed by %s at %s: %s",
                escaped(r, before->name), actor(r), r->useragent_ip,
                escaped(r, status::told(action->change, before->now)));
  const auto after = view_of(access, action->limit);
  if (!after) return {.status = HTTP_NOT_FOUND, .text = unknown};
  return {.text = status::to_json(*after), .anchor = "#limits"};
}

}  // namespace wsflow::httpd
