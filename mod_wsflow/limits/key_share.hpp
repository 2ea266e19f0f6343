#pragma once

#include "mod_wsflow/limits/limit_definition.hpp"
#include "mod_wsflow/limits/ref.hpp"

namespace wsflow::limits {

// The keys of limits with key= and cluster= of which the database knows, or must learn: each stands in one
// list, in the order in which it came there, and is told when it has stood there for the delay of the list.
// docs/internals/cluster.md says more.
enum class KeyList : std::uint32_t {
  none,     // the database knows nothing of the key: the entry may be forgotten
  asking,   // somebody needs more than there is, or other nodes are misled: at once
  telling,  // something has changed, or an answer is awaited: soon
  resting,  // holds nothing, and is given back if that lasts; or waits here in vain, and asks again
  quiet,    // nothing changes: told again before the database forgets it
};
inline constexpr std::size_t kKeyLists = 5;

// What this node has of one key, beside the Entry of the same number. Zeroed: nothing.
struct KeyShare {
  Micros since;           // boot time since when it stands in its list
  Micros told;            // boot time before the request of its last answer
  std::uint32_t term;     // of the lease under which that came (KeyLease::term); 0: none came
  std::uint32_t permits;  // usable
  std::uint32_t units;    // usable
  std::uint32_t need;     // permits, as the database knows it
  KeyList list;
  std::uint32_t marks;  // bits, below
  EntryRef before;      // derived: neighbours in the list
  EntryRef after;

  static constexpr std::uint32_t kAsked = 1;     // somebody needs one more, whether he waits or not
  static constexpr std::uint32_t kRecalled = 2;  // another node needs what this one only keeps
  static constexpr std::uint32_t kDenied = 4;    // by the last answer the other nodes use the rest
};

// The lease of this node for all its keys. Zeroed: none yet.
struct KeyLease {
  // A term is the time in which the database has kept the lease without a gap, and so all that it knows of
  // this node's keys. What was told in the term before may be used up to the end that it had then.
  Micros until;  // boot time; the last store
  Micros until_before;
  std::uint64_t database_term;  // its name there
  std::uint32_t term;           // from 1 on
  std::uint32_t term_before;
  std::uint32_t settling;  // 1: the database has begun anew, and grants nothing yet
  std::uint32_t nodes;     // that have a lease, this one included
  std::uint32_t away;      // 1: the last request had no answer
  Micros asked;            // boot time of the last request
  Micros patience;         // how long a request waits for an answer at most
  Micros keep;             // how long a key that is told of nothing new may be used
  double answer_us;        // smoothed: how long the database takes to answer

  // Derived.
  std::uint32_t tracked;  // keys in lists
  struct List {
    EntryRef first;
    EntryRef last;
  } lists[kKeyLists];
};

}  // namespace wsflow::limits
