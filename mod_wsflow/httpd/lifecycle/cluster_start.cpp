#include "mod_wsflow/httpd/lifecycle/cluster_start.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "mod_wsflow/httpd/config/cluster_directive.hpp"
#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/httpd/config/presence_directives.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/housekeeping/origin_load.hpp"
#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::httpd {

namespace {

bool has_shared_limits(const server_rec* server) noexcept {
  return std::ranges::any_of(elements<LimitConfig* const>(config_of(server).limits),
                             [](const LimitConfig* rule) { return limits::is_shared(rule->definition); });
}

bool may_speak(const void* context) noexcept {
  const auto& process = *static_cast<const Process*>(context);
  return process.segment.generation.load() == process.generation || process.httpd.gone();
}

// The limits of a node, if some are shared.
std::optional<cluster::Node> node_of(Process& process, const ClusterConfig& config,
                                     const wsflow_redis_client& client) {
  const auto slot = shm::index_of(process.segment, process.slot);
  if (!slot || !process.limits || !has_shared_limits(process.server)) return std::nullopt;
  const cluster::Settings settings{.lease = config.lease, .timeout = config.timeout};
  return std::optional<cluster::Node>(std::in_place, *process.limits, *slot, connection_of(client, config),
                                      settings, process.log);
}

// The tunnels of its balancers, if it has some.
std::optional<cluster::SharedTunnels> tunnels_of(Process& process, const ClusterConfig& config,
                                                 const wsflow_redis_client& client) {
  const auto* load = config_of(process.server).origin_load;
  if (load == nullptr || load->count == 0) return std::nullopt;
  std::vector<cluster::SharedTunnels::Member> members;
  for (const auto& member : std::span(load->members, load->count))
    members.push_back({.name = member.name, .resource = member.resource});
  return std::optional<cluster::SharedTunnels>(std::in_place, connection_of(client, config),
                                               node_name(process.server), std::move(members), process.segment,
                                               process.log);
}

bool start(Process& process) {
  const auto* config = config_of(process.server).settings.cluster;
  const auto* client = redis_client();
  if (config == nullptr || client == nullptr) return true;
  auto node = node_of(process, *config, *client);
  auto tunnels = tunnels_of(process, *config, *client);
  if (!node && !tunnels) return true;
  const auto slot = shm::index_of(process.segment, process.slot);
  const int calls = node && slot ? process.wakeups.fd(*slot) : -1;
  process.cluster = std::make_unique<ClusterThread>(process.server, calls, std::move(node),
                                                    std::move(tunnels), may_speak, &process);
  return process.cluster->start();
}

}  // namespace

void start_cluster(Process& process) noexcept {
  // That of the child is left to a keeper as it is: its descriptors are gone, and its thread is not there.
  [[maybe_unused]] const auto* left = process.cluster.release();
  if (guard(process.server, false, [&] { return start(process); })) return;
  process.log.write(base::LogLevel::critical, 405, 0,
                    "the thread that shares limits with other nodes cannot start in this process", nullptr);
}

}  // namespace wsflow::httpd
