#include "mod_wsflow/httpd/limit_define.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "mod_wsflow/flow/definitions.hpp"
#include "mod_wsflow/httpd/config.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/limit_rule.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"

namespace wsflow::httpd {

namespace {

int no_place(const server_rec* server, std::string_view limit) noexcept {
  ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
               WSFLOGNO(0137) "no place for the limit %.*s: too many limits, or their lock is held",
               static_cast<int>(limit.size()), limit.data());
  return HTTP_INTERNAL_SERVER_ERROR;
}

int define(server_rec* server, flow::Control& control) {
  const auto rules = elements<LimitRule*>(config_of(server).limit_rules);
  std::vector<flow::Definition> definitions;
  for (const auto* rule : rules) definitions.push_back(rule->definition);
  const int workers = mpm_query(AP_MPMQ_MAX_DAEMONS) * mpm_query(AP_MPMQ_MAX_THREADS);
  const auto generation = static_cast<std::uint32_t>(mpm_query(AP_MPMQ_GENERATION));
  const auto thread_share = static_cast<std::uint32_t>(std::max(workers / 4, 1));
  std::string_view wrong;
  if (!flow::define(control, definitions, generation, thread_share, flow::now(), wrong))
    return no_place(server, wrong);
  // Behind a graceful restart everybody is still there.
  if (ap_unixd_mpm_get_retained_data()->was_graceful == 0) flow::begin_ramps(control, flow::now());
  for (auto* rule : rules) {
    const auto number = flow::find(control, rule->definition.name);
    if (!number) return no_place(server, rule->definition.name);
    rule->number = *number;
  }
  return OK;
}

}  // namespace

int define_limits(server_rec* server, flow::Control& control) noexcept {
  return guard(server, HTTP_INTERNAL_SERVER_ERROR, [&] { return define(server, control); });
}

}  // namespace wsflow::httpd
