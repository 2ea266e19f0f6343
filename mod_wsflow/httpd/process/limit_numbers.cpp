#include "mod_wsflow/httpd/process/limit_numbers.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/limits/definitions.hpp"

namespace wsflow::httpd {

namespace {

bool define(const server_rec* server, const limits::LimitsAccess& access) {
  const auto rules = elements<LimitConfig*>(config_of(server).limits);
  std::vector<limits::LimitDefinition> definitions;
  for (const auto* rule : rules) definitions.push_back(rule->definition);
  std::vector<limits::LimitHandle> handles(rules.size());
  const int workers = mpm_query(AP_MPMQ_MAX_DAEMONS) * mpm_query(AP_MPMQ_MAX_THREADS);
  const auto generation = static_cast<std::uint32_t>(mpm_query(AP_MPMQ_GENERATION));
  const auto arrival = config_of(server).cold_start ? limits::Arrival::herd : limits::Arrival::steady;
  const auto thread_share = static_cast<std::uint32_t>(std::max(workers / 4, 1));
  if (!limits::define(access, definitions, generation, arrival, thread_share, limits::now(), handles))
    return false;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    rules[i]->handle = handles[i];
    if (handles[i].number) continue;
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
                 WSFLOGNO(0137) "no place for the limit %s: this process refuses what it limits",
                 rules[i]->definition.name);
  }
  return true;
}

}  // namespace

bool LimitNumbers::find(server_rec* server, const limits::LimitsAccess& access) noexcept {
  if (known_.load(std::memory_order_acquire)) return true;
  const base::MutexTryLock lock(mutex_);
  if (!lock) return false;
  if (known_.load(std::memory_order_relaxed)) return true;
  const bool found = guard(server, false, [&] { return define(server, access); });
  if (!found && !std::exchange(missing_, true)) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
                 WSFLOGNO(0200) "a process holds the lock of the limits and does not run: this one refuses what is "
                                "limited until it is to be had");
  }
  if (found && missing_)
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server, WSFLOGNO(0201) "the limits are in force again");
  known_.store(found, std::memory_order_release);
  return found;
}

}  // namespace wsflow::httpd
