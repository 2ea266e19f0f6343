#include "mod_wsflow/metrics/catalogue.hpp"

namespace wsflow::metrics {

namespace {

constexpr ReadingFamily kReadingFamilies[] = {
    {"wsflow_build_info", "version", "The module."},
    {"wsflow_generation", "", "Generation of the configuration; grows with each reload."},
    {"wsflow_processes", "kind", "Processes with tunnels, or ready for them."},
    {"wsflow_tunnels_active", "", "Tunnels that are open now."},
    {"wsflow_tunnels_active_worker", "", "Tunnels that hold a worker thread now."},
    {"wsflow_tunnels_max", "", "Tunnels that httpd's children take at most, all together."},
    {"wsflow_buffered_bytes", "", "Bytes that wait for slow readers now."},
    {"wsflow_permits_in_use", "limit", "Permits that are held now."},
    {"wsflow_permits_limit", "limit",
     "Permits that there are; +Inf for any number and for a limit with keys."},
    {"wsflow_permits_key_limit", "limit", "Permits that there are for each key of a limit with keys."},
    {"wsflow_permits_waiting", "limit", "Requests that wait for a permit now."},
    {"wsflow_permits_needed", "limit",
     "Permits that the load of the last minute needs; where refusals cannot be valued yet, at least."},
    {"wsflow_limit_keys", "limit", "Keys that a limit counts now."},
    {"wsflow_limit_requests_total", "limit", "Requests that asked for a permit."},
    {"wsflow_admissions_total", "limit", "Requests that got a permit."},
    {"wsflow_refusals_total", "limit,reason", "Requests that a limit has refused, by reason."},
    {"wsflow_dry_refusals_total", "limit", "Requests that a limit would have refused, but for dry-run."},
};

}  // namespace

std::span<const Family> families() noexcept {
  return kNumberedFamilies;
}

std::span<const TimesFamily> histograms() noexcept {
  return kNumberedHistograms;
}

std::span<const ReadingFamily, kReadings> readings() noexcept {
  return kReadingFamilies;
}

}  // namespace wsflow::metrics
