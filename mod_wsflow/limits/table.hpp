#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mod_wsflow/limits/gradient.hpp"
#include "mod_wsflow/limits/limit_definition.hpp"
#include "mod_wsflow/limits/load.hpp"
#include "mod_wsflow/limits/rolling_stats.hpp"

namespace wsflow::limits {

// The part of the shared segment where limits are kept. Zeroed memory, initialise()d, is its valid empty
// state; nothing in it is a pointer: indexes are numbers + 1, 0 is none.
//
// All of it is read and written with `lock` (robust) held, but what is atomic. What is marked "derived" can
// be found again from the rest: repair() does that when a process has died with the lock. So the states of
// entries, permits and limits are the truth, and each is the last word written of its record.
inline constexpr std::size_t kConfigurable = 128;          // limits in a configuration
inline constexpr std::size_t kLimits = 2 * kConfigurable;  // with those of earlier ones that are held still
inline constexpr std::uint32_t kBuried = kLimits;          // number of the record behind them (burial.hpp)
inline constexpr std::size_t kEntries = 65'536;
inline constexpr std::size_t kPermits = 64 * 64 * 64;  // three levels of bits name them
inline constexpr std::size_t kWaiters = 16'384;
inline constexpr std::size_t kBuckets = 65'536;
inline constexpr std::size_t kKeyText = 40;

using Index = std::uint32_t;  // number + 1; 0: none

// Who waits for an entry to have room, in the order in which they came.
struct WaitList {
  Index first;  // of a waiter
  Index last;
};

// A named limit. A process that knows it by a number knows its serial, too: the number may be another's
// later.
struct LimitRecord {
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kRetired = 1;  // not in the configuration any more
  static constexpr std::uint32_t kConfigured = 2;

  std::uint32_t used;       // the truth
  std::uint32_t serial;     // of all limits that ever were; from 1 on
  LimitDefinition defined;  // as the newest configuration has it
  LimitSettings now;        // as it is in force: changed by an operator, or by itself (concurrency=auto)
  Micros ramp_started;
  std::uint32_t failures;  // requests in a row that failed at the origin

  // Derived.
  std::uint32_t in_use;
  std::uint32_t waiting;
  std::uint32_t keys;  // live entries
  Index idlest;        // entries that hold nothing, the one for longest first
  Index newest_idle;

  // Statistics; a crash may leave them short by one.
  std::uint32_t peak;
  std::uint64_t arrivals;
  std::uint64_t admitted;
  std::uint64_t waited;  // of the admitted
  std::uint64_t refused[kReasons];
  std::uint64_t dry_refused;   // would have been, but for dry-run
  std::uint64_t keys_ignored;  // fail_open let them pass
  std::uint64_t released;
  std::uint64_t held_us;  // of the released, in sum
  Histogram waits;        // of those that waited, admitted or not
  RollingStats rolling;
  Load load;
  Gradient gradient;
  std::uint32_t busiest;      // most in use of one entry since `gradient` decided
  Micros log_after;           // when the next refusal may be logged
  std::uint64_t log_skipped;  // since the last one
};

// What one key of a limit has; a limit without key= has one entry, of the empty key.
struct Entry {
  Index limit;  // the truth: 0 is a free entry
  std::uint8_t text_size;
  char text[kKeyText + 3];  // of the key, if it may be shown; not of a whole number of characters
  std::uint64_t key[2];
  Micros arrival;  // the rate: when the next admission is due (GCRA's theoretical arrival time)

  // Derived.
  std::uint32_t in_use;
  std::uint32_t waiting;  // came when it had no room
  std::uint32_t wanted;   // by so many waiters, wherever they stand
  WaitList list;
  Index next;   // in its bucket, or of the free ones
  Index idler;  // neighbours among the idle ones
  Index fresher;

  // Statistics.
  std::uint32_t peak;
  std::uint64_t admitted;
  std::uint64_t refused;
};

enum class PermitState : std::uint32_t { free, waiting, held, returned };

// What one request or tunnel has of all its limits: all or nothing.
struct alignas(64) PermitRecord {
  std::atomic<std::uint32_t>
      state;            // the truth: a PermitState. `returned` is set by its owner without the lock
  std::uint32_t owner;  // number of the process slot + 1
  Micros since;         // it waits or is held
  std::atomic<std::uint32_t> failed;  // the origin failed; set by its owner, before it gives the permit back
  Index waiter;                       // while it waits
  Index next;                         // of the free ones
  Index entries[kPerRequest];
};
static_assert(sizeof(PermitRecord) == 64);

// The rest of a permit that waits.
struct Waiter {
  Index permit;                // the truth: 0 is free
  Index next;                  // of the free ones
  std::uint64_t ticket;        // grows: who came first
  std::uint32_t short_of;      // bits of `entries`: what it waited for when it came; counted as waiting there
  std::uint32_t holds_thread;  // 1: a worker thread is stuck with it

  // Derived.
  Index at;  // the entry in whose list it stands: one that has no room for it
  Index before;
  Index after;
};

struct alignas(64) Table {
  alignas(64) pthread_mutex_t lock;  // robust, shared
  std::uint64_t secret[4];           // keys are hashed with it; never changes
  std::uint32_t defined_by;          // generation of the configuration that defined the limits + 1; 0: none
  std::uint32_t last_serial;
  std::uint32_t thread_share;  // how many waiters may hold a worker thread
  std::uint64_t next_ticket;

  // Derived.
  std::uint32_t threads_waiting;
  Index free_entry;
  Index free_permit;
  Index free_waiter;

  // Beyond these nothing was ever used: nobody touches memory there. Written with the lock.
  std::uint32_t entries_seen;
  std::uint32_t permits_seen;
  std::uint32_t waiters_seen;

  // Permits that were given back while somebody else had the lock: a bit a permit, a bit a word below.
  // Written by everybody, bottom first; collected by whoever has the lock, top first.
  alignas(64) std::atomic<std::uint64_t> returned_top;
  alignas(64) std::atomic<std::uint64_t> returned_middle[64];
  std::atomic<std::uint64_t> returned_bits[64UL * 64];

  LimitRecord limits[kLimits + 1];
  Index buckets[kBuckets];  // derived: entries by key
  Waiter waiters[kWaiters];
  Entry entries[kEntries];
  PermitRecord permits[kPermits];
};

}  // namespace wsflow::limits
