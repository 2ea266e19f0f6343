#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/shm/layout.hpp"
#include "mod_wsflow/tunnel/origin_lease.hpp"

namespace wsflow::httpd {

struct Process;

// mod_proxy counts the load of each balancer member (`busy`). Each generation begins this count anew, and a
// process that dies gives nothing back. Tunnels outlive both. So the share of all tunnels in `busy`, of all
// processes and generations, is counted apart: each process counts its tunnels in its ledger (`held`), each
// generation counts what it has added to its own `busy` (`applied`). If the two differ for long, the
// difference is corrected.
struct OriginLoad {
  struct Member {
    std::uint32_t resource;       // index in the ledgers
    proxy_worker_shared* worker;  // borrowed from mod_proxy's shared memory
    const char* name;             // the worker's; borrowed from mod_proxy's shared memory
    const char* balancer;         // the balancer's; borrowed from mod_proxy's shared memory
  };
  struct Shared {
    std::atomic<std::uint32_t> applied;
    std::atomic<std::int64_t> down;  // `last` of claim_ends(), for worker_down.hpp
  };
  Member* members;  // in pconf, like this struct
  std::size_t count;
  Shared* shared;  // by resource; shared by the processes of this generation
};

// Finds the members of all balancers. Parent, when mod_proxy has made their shared memory.
void open_origin_load(apr_pool_t* pconf, server_rec* server, shm::Layout& layout) noexcept;

// The member that `worker` is; nullptr: it is none, or was added at run time. Any thread.
const OriginLoad::Member* member_of(const Process& process, const proxy_worker* worker) noexcept;
// The resource of a balancer member; std::nullopt for other workers. Worker thread.
std::optional<std::uint32_t> resource_of(const Process& process, const proxy_worker* worker) noexcept;

// Counts a new tunnel in the load of `worker`; empty if `worker` is no balancer member. Worker thread.
tunnel::OriginLease enter_origin(Process& process, const proxy_worker* worker) noexcept;

// Corrects `busy` about once a second. One thread of a process of the newest generation.
class OriginLoadRounds {
 public:
  void round(const OriginLoad& load, const shm::Layout& layout);

 private:
  struct Seen {
    std::uint64_t held = 0;
    std::uint32_t applied = 0;
    friend bool operator==(const Seen&, const Seen&) noexcept = default;
  };
  std::vector<Seen> last_;  // what the round before saw: a new difference may be a tunnel that just begins
};

}  // namespace wsflow::httpd
