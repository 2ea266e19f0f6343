#include "mod_wsflow/httpd/housekeeping/sampler.hpp"

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/process/retained_wakeups.hpp"
#include "mod_wsflow/limits/view.hpp"
#include "mod_wsflow/metrics/rates.hpp"
#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::httpd {

void keep_history(shm::Layout& layout) {
  if (!shm::sample_due(layout, apr_time_now())) return;
  const auto wakeups = retained_wakeups();
  const auto refused = limits::refusals({shm::limits_table(layout), wakeups});
  if (!refused) return;
  const auto snapshot = shm::snapshot(layout);
  std::uint64_t active = 0;
  for (const auto& process : snapshot.processes) active += process.active + process.active_worker;
  shm::keep_sample(layout, metrics::sample_of(snapshot.sums, active, *refused, apr_time_now()));
}

}  // namespace wsflow::httpd
