#include "mod_wsflow/httpd/status/status_model.hpp"

#include <algorithm>
#include <span>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/housekeeping/lost_tunnels.hpp"
#include "mod_wsflow/httpd/housekeeping/origin_load.hpp"
#include "mod_wsflow/httpd/presence/presence.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/process/retained_wakeups.hpp"
#include "mod_wsflow/httpd/status/client_model.hpp"
#include "mod_wsflow/httpd/status/origin_states.hpp"
#include "mod_wsflow/httpd/status/worker_threads.hpp"
#include "mod_wsflow/limits/view.hpp"
#include "mod_wsflow/os/pids.hpp"
#include "mod_wsflow/shm/resources.hpp"
#include "mod_wsflow/tunnel/engine.hpp"
#include "mod_wsflow/version.h"

namespace wsflow::httpd {

namespace {

status::PresenceModel presence_model(const Process* process, const status::Model& model) {
  status::PresenceModel presence;
  std::int64_t oldest = model.now_us;
  for (const auto& each : model.snapshot.processes) {
    presence.counted = presence.counted || each.presence != 0;
    presence.keys += each.presence_keys;
    presence.sockets += each.presence_sockets;
    presence.waiting += each.presence_waiting;
    presence.failing += each.presence_failing ? 1 : 0;
    if (each.presence_oldest != 0) oldest = std::min(oldest, each.presence_oldest);
  }
  presence.lag_us = model.now_us - oldest;
  if (process != nullptr && process->presence != nullptr) {
    presence.driver = process->presence->setup().driver;
    presence.node = process->presence->setup().node;
    presence.store = process->presence->writer().view();
  }
  return presence;
}

std::vector<status::MemberView> member_views(const shm::Layout& layout) {
  std::vector<status::MemberView> views;
  const auto* load = config_of(ap_server_conf).origin_load;
  if (load == nullptr) return views;
  for (const auto& member : std::span(load->members, load->count)) {
    const auto tunnels = shm::held(layout, member.resource);
    // Another process may have counted in between.
    const auto all = std::max(shm::load(layout, member.resource), tunnels);
    views.push_back(
        {.balancer = member.balancer,
         .worker = member.name,
         .tunnels = tunnels,
         .requests = all - tunnels,
         .elsewhere = shm::elsewhere(layout, member.resource, base::now().time_since_epoch().count()),
         .since = layout.in_use_since[member.resource].load()});
  }
  return views;
}

std::string text_of(const char* text) {
  return text != nullptr ? text : "";
}

std::int64_t last_reload() noexcept {
  const auto* board = ap_exists_scoreboard_image() != 0 ? ap_get_scoreboard_global() : nullptr;
  return board != nullptr ? apr_time_sec(board->restart_time) : 0;
}

// How long httpd runs: its main process, which is this one with -X.
double up_seconds(const Process* process) noexcept {
  const bool alone = ap_exists_config_define("ONE_PROCESS") != 0 || ap_exists_config_define("DEBUG") != 0;
  if (alone) return os::seconds_since(shm::Owner::self().ticks());
  return process != nullptr ? os::seconds_since(process->httpd.ticks()) : 0;
}

std::uint64_t max_buffered() noexcept {
  const auto bytes = config_of(ap_server_conf).settings.max_buffered;
  return bytes ? static_cast<std::uint64_t>(*bytes) : tunnel::Engine::kMaxBuffered;
}

}  // namespace

status::Model status_model(const Process* process, shm::Layout& layout, const status::StatusQuery& query) {
  // Dead processes are reaped first, so that the status shows what they held as it is now. A process that is
  // reaping already needs some microseconds.
  for (int tries = 0; !reap_and_log(ap_server_conf, process, layout) && tries < 20; ++tries)
    apr_sleep(apr_time_from_msec(1));
  if (process != nullptr && process->presence != nullptr) process->presence->show();
  int generation = 0;
  ap_mpm_query(AP_MPMQ_GENERATION, &generation);
  const auto wakeups = retained_wakeups();
  const limits::LimitsAccess access(shm::limits_table(layout), wakeups);
  auto selected = query.tunnels;
  if (auto client = shm::Address::of(selected.selector.client).text(); !client.empty())
    selected.selector.client = std::move(client);
  const auto permits_of_key = permits_of(ap_server_conf, layout, selected.selector);
  selected.selector.permits = permits_of_key ? &*permits_of_key : nullptr;
  status::Model model{.version = WSFLOW_VERSION,
                      .server = ap_get_server_description(),
                      .host = text_of(ap_server_conf->server_hostname),
                      .started = layout.started.load(),
                      .up_s = up_seconds(process),
                      .reloaded = last_reload(),
                      .generation = static_cast<std::uint32_t>(generation),
                      .now_us = apr_time_now(),
                      .clock_us = base::now_us(),
                      .snapshot = shm::snapshot(layout),
                      .query = selected,
                      .history_wanted = query.history,
                      .connections = shm::tunnels(layout, selected),
                      .keys = {},
                      .routes = shm::routes(layout),
                      .history = shm::samples(layout),
                      .limits = limits::all_limits(access, limits::now()),
                      .cluster = limits::cluster_view(access),
                      .members = member_views(layout),
                      .origins = origin_states(ap_server_conf),
                      .workers = worker_threads(),
                      .max_buffered = max_buffered(),
                      .client = client_model(ap_server_conf, layout, selected.selector),
                      .presence = {},
                      .loops = shm::refusal_loops(layout.refusals, base::now_us()),
                      .nonce = {}};
  model.query.selector.permits = nullptr;
  model.presence = presence_model(process, model);
  std::vector<limits::PermitRef> permits;
  for (const auto& tunnel : model.connections.tunnels) permits.push_back(tunnel.permit);
  model.keys = limits::keys_of(access, permits);
  return model;
}

}  // namespace wsflow::httpd
