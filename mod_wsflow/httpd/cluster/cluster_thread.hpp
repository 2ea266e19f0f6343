#pragma once

#include <atomic>
#include <optional>
#include <thread>

#include "mod_wsflow/cluster/node.hpp"
#include "mod_wsflow/cluster/shared_tunnels.hpp"
#include "mod_wsflow/httpd/config/cluster_directive.hpp"
#include "mod_wsflow/os/poller.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::httpd {

// The client of the database by which nodes share what they share; nullptr: no module has one loaded.
const wsflow_redis_client* redis_client() noexcept;

// A connection to that database, made when it is needed.
cluster::Connection connection_of(const wsflow_redis_client& client, const ClusterConfig& config);

// The thread that speaks with that database. It may hang in a request for as long as the time-out, and in a
// look-up of a name for longer, so nobody waits for it but at the end of the process, and not for long.
class ClusterThread {
 public:
  // Whether this process may speak for the node: it is of the newest generation, or the last that is left.
  using MaySpeak = bool (*)(const void* context) noexcept;

  // Of what the process shares, at least one: `node`, its limits; `tunnels`, those of its balancers.
  // `calls`: an event descriptor that is written to when a key of a limit is needed; borrowed, -1: none.
  ClusterThread(server_rec* server, int calls, std::optional<cluster::Node>&& node,
                std::optional<cluster::SharedTunnels>&& tunnels, MaySpeak may_speak,
                const void* context) noexcept
      : server_(server),
        calls_(calls),
        node_(std::move(node)),
        tunnels_(std::move(tunnels)),
        may_speak_(may_speak),
        context_(context) {}

  // Starts the thread. False if it cannot start.
  bool start();
  // Ends the thread. If it hangs, the object must live until the process ends. Main thread.
  void stop() noexcept;

 private:
  void run();
  void leave() noexcept;

  server_rec* server_;                             // borrowed from pconf
  const int calls_;                                // borrowed
  std::optional<cluster::Node> node_;              // by the thread
  std::optional<cluster::SharedTunnels> tunnels_;  // by the thread
  const MaySpeak may_speak_;
  const void* context_;  // borrowed; lives as long as the process
  os::Poller poller_;    // by the thread
  os::Wakeup bell_;      // owned; rings when the thread is to end
  os::Wakeup done_;      // owned; rings when the thread ends
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace wsflow::httpd
