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
    {"wsflow_start_time_seconds", "",
     "When httpd was started and all counters began, in seconds since 1970."},
    {"wsflow_descriptors_open", "", "Descriptors that all processes with tunnels have open."},
    {"wsflow_descriptors_share", "",
     "Of the process that has the most of its descriptors open: how much of them, 0 to 1."},
    {"wsflow_httpd_workers", "state", "Worker threads of httpd that are busy, and that are idle."},
    {"wsflow_worker_usable", "balancer,worker",
     "1 while mod_proxy gives this worker new tunnels, else 0: an error, stopped, disabled, drained."},
    {"wsflow_route_tunnels_active", "server,route,origin",
     "Tunnels of a route to an origin that are open now."},
    {"wsflow_route_handshakes_total", "server,route,origin,result",
     "Handshakes of a route that got a tunnel, or why they got none."},
    {"wsflow_route_handshake_seconds_total", "server,route,origin",
     "Seconds from the request to its 101, of all these handshakes that got a tunnel."},
    {"wsflow_route_bytes_total", "server,route,origin,direction",
     "Bytes relayed between a route and an origin."},
    {"wsflow_route_close_codes_total", "server,route,origin,from,code",
     "Close frames of tunnels that have ended, by sender and code."},
    {"wsflow_presence_keys", "", "Keys of presence lists that are online in this server now."},
    {"wsflow_presence_sockets", "", "Tunnels that presence lists count now."},
    {"wsflow_presence_waiting", "", "Changes that the presence store must still get."},
    {"wsflow_presence_lag_seconds", "", "Since when the first of these changes waits."},
    {"wsflow_presence_failing", "", "Processes that cannot use the presence store."},
    {"wsflow_permits_in_use", "limit", "Permits that are held now."},
    {"wsflow_permits_limit", "limit",
     "Permits that there are; +Inf for any number and for a limit with keys."},
    {"wsflow_permits_key_limit", "limit", "Permits that there are for each key of a limit with keys."},
    {"wsflow_permits_key_max_in_use", "limit",
     "Permits that are held now of that key of a limit with keys which has the most."},
    {"wsflow_permits_waiting", "limit", "Requests that wait for a permit now."},
    {"wsflow_permits_needed", "limit",
     "Permits that the load of the last minute needs; where refusals cannot be valued yet, at least."},
    {"wsflow_limit_keys", "limit", "Keys that a limit counts now."},
    {"wsflow_limit_requests_total", "limit", "Requests that asked for a permit."},
    {"wsflow_admissions_total", "limit", "Requests that got a permit."},
    {"wsflow_refusals_total", "limit,reason", "Requests that a limit has refused, by reason."},
    {"wsflow_dry_refusals_total", "limit", "Requests that a limit would have refused, but for dry-run."},
    {"wsflow_cluster_share", "limit", "Permits that this node may use now of a limit that nodes share."},
    {"wsflow_cluster_others", "limit", "Permits of such a limit that the other nodes have."},
    {"wsflow_cluster_lease_seconds", "limit",
     "Seconds until this node's share ends if the database does not answer; 0: it has none."},
    {"wsflow_cluster_keys", "limit",
     "Keys of a limit that nodes share key by key, of which this node has a share."},
    {"wsflow_cluster_keys_asked_total", "limit",
     "Questions to the database for more of a key of such a limit."},
    {"wsflow_cluster_keys_denied_total", "limit",
     "Requests that such a limit has refused behind a question, as other nodes use the rest of their key."},
    {"wsflow_cluster_answers_total", "", "Requests that the database of the cluster has answered."},
    {"wsflow_cluster_failures_total", "", "Requests that the database of the cluster has not answered."},
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
