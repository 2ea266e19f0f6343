#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mod_wsflow/base/thread_annotations.hpp"
#include "mod_wsflow/limits/gradient.hpp"
#include "mod_wsflow/limits/limit_definition.hpp"
#include "mod_wsflow/limits/load.hpp"
#include "mod_wsflow/limits/ref.hpp"
#include "mod_wsflow/limits/rolling_stats.hpp"
#include "mod_wsflow/limits/share.hpp"

namespace wsflow::limits {

// The part of the shared segment that keeps the limits. Zeroed memory, initialise()d, is its valid empty
// state. Nothing in it is a pointer: records refer to each other by Ref.
//
// Whoever has `lock` (robust) reads and writes it, as a LockedTable; everybody may use what is atomic. Fields
// marked "derived" follow from the others: repair() computes them anew when a process has died with the lock.
// It trusts one field of each record, marked so: it says whether the record is in use, and is its last store
// (recoverable.hpp).
inline constexpr std::size_t kConfigurable = 128;          // limits in a configuration
inline constexpr std::size_t kLimits = 2 * kConfigurable;  // with those of earlier ones that are held still
inline constexpr auto kBuried = LimitNumber::of(kLimits);  // the record behind them (burial.hpp)
inline constexpr std::size_t kEntries = 65'536;
inline constexpr std::size_t kPermits = 64 * 64 * 64;  // three levels of bits name them
inline constexpr std::size_t kWaiters = 16'384;
inline constexpr std::size_t kBuckets = 65'536;
inline constexpr std::size_t kKeyText = 40;

// The waiters for room at an entry, in the order in which they came.
struct WaitList {
  WaiterRef first;
  WaiterRef last;
};

// A named limit. A process that knows its number knows its serial, too: another limit may get the number.
struct LimitRecord {
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kRetired = 1;  // of an earlier configuration
  static constexpr std::uint32_t kConfigured = 2;

  std::uint32_t used;       // the last store, which repair() trusts
  std::uint32_t serial;     // of all limits that ever were; from 1 on
  LimitDefinition defined;  // as the newest configuration has it
  LimitSettings now;        // as it is in force: changed by an operator, or by itself (concurrency=auto)
  Share share;              // of a limit that nodes share
  Micros ramp_started;
  std::uint32_t failures;  // requests in a row that failed at the origin

  // Derived.
  std::uint32_t in_use;
  std::uint32_t waiting;
  std::uint32_t keys;  // live entries
  EntryRef idlest;     // entries that hold nothing; the first has been idle for longest
  EntryRef newest_idle;

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

// One key of a limit. A limit without key= has one entry, of the empty key.
struct Entry {
  LimitNumber limit;  // the last store, which repair() trusts; none: the entry is free
  std::uint8_t text_size;
  char text[kKeyText + 3];  // of the key, if it may be shown; may end within a character
  std::uint64_t key[2];
  Micros arrival;  // the rate: when the next admission is due (GCRA's theoretical arrival time)

  // Derived.
  std::uint32_t in_use;
  std::uint32_t waiting;  // came when it had no room
  std::uint32_t wanted;   // by so many waiters, wherever they stand
  WaitList list;
  EntryRef next;   // in its bucket, or of the free ones
  EntryRef idler;  // neighbours among the idle ones
  EntryRef fresher;

  // Statistics.
  std::uint32_t peak;
  std::uint32_t
      barred_until;  // the penalty: refused until then; seconds of the monotonic clock, 0: never barred
  std::uint64_t admitted;
  std::uint64_t refused;
};

// True while a penalty refuses the key.
inline bool is_barred(const Entry& entry, Micros now) noexcept {
  return Micros{entry.barred_until} * kSecond > now;
}

// What the owner of a permit says of its end, before it gives it back.
enum class HoldEnd : std::uint32_t { good, failed, policy };

enum class PermitState : std::uint32_t { free, waiting, held, returned };

// The permit of one request or tunnel, of all its limits: all or nothing.
struct alignas(64) PermitRecord {
  // A PermitState: the last store, which repair() trusts. The owner sets `returned` without the lock.
  std::atomic<std::uint32_t> state;
  std::uint32_t owner;             // number of the process slot + 1
  Micros since;                    // when its wait or its hold began
  std::atomic<std::uint32_t> end;  // a HoldEnd
  WaiterRef waiter;                // while it waits
  PermitRef next;                  // of the free ones
  EntryRef entries[kPerRequest];
};

// The rest of a permit that waits.
struct Waiter {
  PermitRef permit;            // the last store, which repair() trusts; none: the waiter is free
  WaiterRef next;              // of the free ones
  std::uint64_t ticket;        // grows: who came first
  std::uint32_t short_of;      // bits of `entries`: what it waited for when it came; counted as waiting there
  std::uint32_t holds_thread;  // 1: a worker thread is stuck with it
  // Bits of `entries`: keys that nodes share, where it may wait for the answer of the database alone, not in
  // a queue; kDenied: the answer has come, and it has no room there.
  std::uint32_t asks;
  static constexpr std::uint32_t kDenied = 1U << 31U;

  // Derived.
  EntryRef at;  // the entry in whose list it stands: one that has no room for it
  WaiterRef before;
  WaiterRef after;
};

struct alignas(64) WSFLOW_CAPABILITY("lock of the limits") Table {
  LimitRecord& operator[](LimitNumber number) noexcept { return limits[number.number()]; }
  Entry& operator[](EntryRef ref) noexcept { return entries[ref.number()]; }
  PermitRecord& operator[](PermitRef ref) noexcept { return permits[ref.number()]; }
  Waiter& operator[](WaiterRef ref) noexcept { return waiters[ref.number()]; }

  alignas(64) pthread_mutex_t lock;  // robust, shared
  std::uint64_t secret[4];           // keys are hashed with it; never changes
  std::uint32_t defined_by;          // generation of the configuration that defined the limits + 1; 0: none
  std::uint32_t last_serial;
  std::uint32_t thread_share;  // how many waiters may hold a worker thread
  std::uint64_t next_ticket;
  ClusterState cluster;

  // Derived.
  std::uint32_t threads_waiting;
  EntryRef free_entry;
  PermitRef free_permit;
  WaiterRef free_waiter;

  // Records that were ever used, the lowest ones: nobody touches memory beyond.
  std::uint32_t entries_seen;
  std::uint32_t permits_seen;
  std::uint32_t waiters_seen;

  // Permits that were given back while another process had the lock: a bit for each permit, and for each word
  // of bits below. Everybody sets them, bottom first; whoever has the lock collects them, top first.
  alignas(64) std::atomic<std::uint64_t> returned_top;
  alignas(64) std::atomic<std::uint64_t> returned_middle[64];
  std::atomic<std::uint64_t> returned_bits[64UL * 64];

  LimitRecord limits[kLimits + 1];
  EntryRef buckets[kBuckets];  // derived: entries by key
  Waiter waiters[kWaiters];
  Entry entries[kEntries];
  KeyShare key_shares[kEntries];  // of the entries of limits with key= and cluster=; else untouched
  PermitRecord permits[kPermits];
};

// Processes of two builds of the module may share a table: its layout is part of what they agree on.
static_assert(sizeof(PermitRecord) == 64);
static_assert(sizeof(void*) != 8 ||
              (sizeof(Entry) == 128 && sizeof(Waiter) == 40 && sizeof(LimitRecord) == 13'544 &&
               sizeof(KeyShare) == 48 && sizeof(Table) == 32'743'744));

}  // namespace wsflow::limits
