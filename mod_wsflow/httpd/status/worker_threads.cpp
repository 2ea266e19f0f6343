#include "mod_wsflow/httpd/status/worker_threads.hpp"

#include <algorithm>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"

namespace wsflow::httpd {

status::WorkersView worker_threads() noexcept {
  status::WorkersView view{};
  const auto children = mpm_query(AP_MPMQ_MAX_DAEMON_USED);
  const auto threads = std::max(mpm_query(AP_MPMQ_MAX_THREADS), 1);
  view.most = static_cast<std::uint64_t>(std::max(mpm_query(AP_MPMQ_MAX_DAEMONS), 0)) *
              static_cast<std::uint64_t>(threads);
  if (ap_exists_scoreboard_image() == 0) return view;
  for (int child = 0; child < children; ++child) {
    const auto* process = ap_get_scoreboard_process(child);
    if (process == nullptr || process->pid == 0 || process->quiescing != 0) continue;
    for (int thread = 0; thread < threads; ++thread) {
      const auto* worker = ap_get_scoreboard_worker_from_indexes(child, thread);
      if (worker == nullptr || worker->status == SERVER_DEAD || worker->status == SERVER_STARTING ||
          worker->status == SERVER_IDLE_KILL)
        continue;
      ++(worker->status == SERVER_READY ? view.idle : view.busy);
    }
  }
  return view;
}

}  // namespace wsflow::httpd
