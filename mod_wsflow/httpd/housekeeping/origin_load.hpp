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

// mod_proxy counts what each member of a balancer has to do (`busy`), anew in each generation, and nothing of
// it comes back from a process that dies. Tunnels live on over both, so what the tunnels of all processes and
// generations make up of `busy` is kept apart: each process says in its ledger how many it has (`held`), and
// each generation how much it has put into its own `busy` (`applied`). Where the two differ for long, the
// difference is put right.
struct OriginLoad {
  struct Member {
    std::uint32_t resource;       // its place in the ledgers
    proxy_worker_shared* worker;  // borrowed from mod_proxy's shared memory
    const char* name;             // the same; of the worker
    const char* balancer;         // the same; of its balancer
  };
  struct Shared {
    std::atomic<std::uint32_t> applied;
    std::atomic<std::int64_t> down;  // of worker_down.hpp
  };
  Member* members;  // in pconf, as is the struct
  std::size_t count;
  Shared* shared;  // by resource; of the processes of this generation
};

// Finds the members of all balancers. Parent, when mod_proxy has made their shared memory.
void open_origin_load(apr_pool_t* pconf, server_rec* server, shm::Layout& layout) noexcept;

// The resource of a member of a balancer; none for other workers. Worker thread.
std::optional<std::uint32_t> resource_of(const Process& process, const proxy_worker* worker) noexcept;

// What a tunnel to `worker` is to count in. Worker thread.
tunnel::OriginLease enter_origin(Process& process, const proxy_worker* worker) noexcept;

// Puts `busy` right, in rounds of a second or so. One thread of a process of the newest generation.
class OriginLoadRounds {
 public:
  void round(const OriginLoad& load, const shm::Layout& layout);

 private:
  struct Seen {
    std::uint64_t held = 0;
    std::uint32_t applied = 0;
    friend bool operator==(const Seen&, const Seen&) noexcept = default;
  };
  std::vector<Seen> last_;  // of the round before: a difference may be a tunnel that is just beginning
};

}  // namespace wsflow::httpd
