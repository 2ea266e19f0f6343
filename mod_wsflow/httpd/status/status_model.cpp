#include "mod_wsflow/httpd/status/status_model.hpp"

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/housekeeping/lost_tunnels.hpp"
#include "mod_wsflow/httpd/process/retained_wakeups.hpp"
#include "mod_wsflow/limits/view.hpp"
#include "mod_wsflow/version.h"

namespace wsflow::httpd {

status::Model status_model(LogWriter* writer, shm::Layout& layout, const status::StatusQuery& query) {
  // Dead processes are reaped first, so that the status shows what they held as it is now. A process that is
  // reaping already needs some microseconds.
  for (int tries = 0; !reap_and_log(ap_server_conf, writer, layout) && tries < 20; ++tries)
    apr_sleep(apr_time_from_msec(1));
  int generation = 0;
  ap_mpm_query(AP_MPMQ_GENERATION, &generation);
  const auto wakeups = retained_wakeups();
  const limits::LimitsAccess access(shm::limits_table(layout), wakeups);
  status::Model model{.version = WSFLOW_VERSION,
                      .server = ap_get_server_description(),
                      .generation = static_cast<std::uint32_t>(generation),
                      .now_us = apr_time_now(),
                      .clock_us = base::now_us(),
                      .snapshot = shm::snapshot(layout),
                      .query = query.tunnels,
                      .history_wanted = query.history,
                      .connections = shm::tunnels(layout, query.tunnels),
                      .keys = {},
                      .routes = shm::routes(layout),
                      .history = shm::samples(layout),
                      .limits = limits::all_limits(access, limits::now()),
                      .nonce = {}};
  std::vector<limits::PermitRef> permits;
  for (const auto& tunnel : model.connections.tunnels) permits.push_back(tunnel.permit);
  model.keys = limits::keys_of(access, permits);
  return model;
}

}  // namespace wsflow::httpd
