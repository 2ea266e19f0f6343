#pragma once

#include <string>
#include <vector>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/log_sink.hpp"
#include "mod_wsflow/cluster/connection.hpp"
#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::cluster {

// Tells the other nodes how many tunnels this one has to each member of its balancers, and learns theirs, for
// lbmethod=wsflow. One process of the node does it in each second; one thread, which may wait as long as
// the time-out.
class SharedTunnels {
 public:
  struct Member {
    std::string name;        // the worker's: the same origin has the same on all nodes
    std::uint32_t resource;  // in the shared memory
  };
  // `layout` and `log` are borrowed, and live as long as the process.
  SharedTunnels(Connection connection, std::string node, std::vector<Member> members, shm::Layout& layout,
                base::LogSink& log)
      : connection_(std::move(connection)),
        node_(std::move(node)),
        members_(std::move(members)),
        layout_(layout),
        log_(log) {}

  // Does it, if that is due and no other process has.
  void turn();
  void leave() noexcept { connection_.close(); }

 private:
  bool exchange();

  Connection connection_;
  const std::string node_;
  const std::vector<Member> members_;
  shm::Layout& layout_;
  base::LogSink& log_;
  bool away_ = false;
};

}  // namespace wsflow::cluster
