#pragma once

#include "mod_wsflow/limits/gcra.hpp"
#include "mod_wsflow/limits/key_share.hpp"
#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::limits {

// What this node has of a limit that several nodes share, and what the database told of the others
// (docs/internals/cluster.md). Zeroed: it has nothing. The rate is shared in units, as many as the burst: a
// unit lets one admission through at once, and refills at its part of the rate.
struct Share {
  // Boot time up to which `permits` and `units` may be used, by the lease of the last answer.
  Micros until;
  std::uint32_t settling;  // 1: the database has begun anew, and grants nothing yet
  std::uint32_t permits;   // usable
  std::uint32_t units;     // usable
  double unit_rate;        // admissions a second of one unit

  // As of the last answer.
  std::uint32_t nodes;            // that have a lease, this one included; 0: no answer yet
  std::uint32_t limit;            // the smallest concurrency that one of the nodes has
  std::uint32_t others;           // permits that the others have
  std::uint32_t permits_lacking;  // that the others need and have not
  std::uint32_t burst;            // likewise, of the rate
  std::uint32_t unit_others;
  std::uint32_t units_lacking;
  double rate;
  std::uint32_t differs;  // 1: the log says that a node has other values

  // Of a limit with key=, which has a share for each key; what is of permits and units above is 0.
  std::uint32_t keys_shared;  // derived: keys of which the database knows, or must learn
  std::uint64_t keys_asked;   // keys that were asked for, as somebody needed more of them
  std::uint64_t keys_denied;  // requests that were refused behind such a question

  // The demand of the last seconds, counted up to here: decaying sums.
  Micros counted;
  std::uint64_t counted_arrivals;
  std::uint64_t counted_refusals;
  double recent_arrivals;
  double recent_refusals;
};

// What all processes of this node know of the database. Zeroed: nothing yet.
struct ClusterState {
  std::uint64_t node[2];   // the name of this node there; 0, 0: none yet
  std::uint64_t sequence;  // of the last request
  std::uint32_t worker;    // number of the slot of the process that speaks with it + 1; 0: none
  std::uint32_t away;      // 1: the log says that it does not answer; 2: that the leases have ended, too
  Micros worker_until;     // boot time; behind it another process may be the worker
  Micros asked;            // boot time of the last request
  Micros answered;         // boot time of the last answer; 0: none yet
  std::uint64_t answers;   // so far
  std::uint64_t failures;  // so far
  KeyLease keys;           // of limits with key=
  char error[160];         // why the last request failed; empty: it did not
};

// The clock of leases: it goes on while the machine is suspended, and nobody can set it.
Micros boot_time() noexcept;

bool is_shared(const LimitDefinition& definition) noexcept;

// True for limits with cluster= and key=: each key is shared for itself (shared_keys.hpp).
bool shares_keys(const LimitDefinition& definition) noexcept;

// What a node may use of a limit that is shared, or of one key of it, at one moment.
struct Usable {
  std::uint32_t permits;
  Gcra pace;      // rate 0: none may pass
  bool by_floor;  // the node has no share
};
// What is leased: 0 of what has ended.
struct Leased {
  std::uint32_t permits;
  std::uint32_t units;
  double unit_rate;
  bool by_floor;  // the floor counts, too
};
Usable usable(const LimitDefinition& definition, const LimitSettings& now, const Leased& leased) noexcept;
// Of a limit without keys.
Usable usable(const LimitDefinition& definition, const LimitSettings& now, const Share& share,
              Micros boot) noexcept;

}  // namespace wsflow::limits
