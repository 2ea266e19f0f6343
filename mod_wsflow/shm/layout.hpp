#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/limits/table.hpp"
#include "mod_wsflow/shm/jobs.hpp"
#include "mod_wsflow/shm/refusal_board.hpp"
#include "mod_wsflow/shm/sample_ring.hpp"

namespace wsflow::shm {

// The shared segment: Layout | process slots | page heads | rows of tunnels | labels | limits | users of
// tunnels, mapped at its greatest size and touched only where it is used. Zeroed memory is its valid empty
// state. Nothing in it is a pointer. Who writes what stands at each part; docs/internals/shared-memory.md has
// the protocols.
inline constexpr std::uint64_t kMagic = 0x77666c6f77736567;  // "wsflowseg"
inline constexpr std::size_t kCounterCapacity = 224;
inline constexpr std::size_t kResources = 1024;
inline constexpr std::size_t kPageRows = 64;
inline constexpr std::size_t kMaxSlots = 32'768;
inline constexpr std::size_t kMaxPages = 4096;  // 262,144 rows
inline constexpr std::size_t kLabels = 4096;
inline constexpr std::size_t kLabelsOfRequests = 128;  // of them, those with origins that requests choose
inline constexpr std::size_t kLabelPlaces = 2 * kLabels;
inline constexpr std::size_t kCloseCodes = 19;  // classes of Close codes: metrics/label_values.hpp has them

// The counters that a reaper must know; metrics/catalogue.hpp has all of them.
inline constexpr std::size_t kEndedCounter = 0;  // + Outcome
inline constexpr std::size_t kOpenedCounter = kEndedCounter + base::kOutcomes;
inline constexpr std::size_t kLostCounter =
    kEndedCounter + static_cast<std::size_t>(base::Outcome::process_lost);
// From here on they are no sums, but the greatest values that there were.
inline constexpr std::size_t kGreatestCounter = kCounterCapacity - 8;

using Counter = std::atomic<std::uint64_t>;
static_assert(Counter::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);

enum class ProcessKind : std::uint32_t { child, keeper };

// What a process has in its presence registry, as its caretaker wrote it last.
struct PresenceCounts {
  std::atomic<std::uint64_t> process;  // its number in the presence store; 0: it has no registry
  std::atomic<std::uint64_t> keys;
  std::atomic<std::uint64_t> sockets;
  std::atomic<std::uint64_t> waiting;  // changes that the store must still get
  std::atomic<std::int64_t> oldest;  // since when the first of them waits, microseconds of the epoch; 0: none
  std::atomic<std::uint64_t> failing;  // 1: the store does not answer, or refuses
};

// What one process counts and holds. Written by its process; its `commands` by whoever commands one of its
// tunnels; all of it by the holder of the reaper lock once the process has died.
struct alignas(64) ProcessSlot {
  std::atomic<std::uint64_t> owner;        // an Owner's word; 0: free
  std::atomic<std::int64_t> started;       // seconds of the epoch
  std::atomic<std::int64_t> began;         // the same moment as base::now_us() has it
  std::atomic<std::uint64_t> max_tunnels;  // how many this process takes
  std::atomic<std::uint32_t> generation;
  std::atomic<std::uint32_t> kind;      // a ProcessKind
  std::atomic<std::uint32_t> commands;  // grows with each command for one of its rows
  // What siblings ask before they pass a connection on: shm/child_room.hpp.
  std::atomic<std::uint32_t> taken;               // tunnels and handshakes, as its Admission counts them
  std::atomic<std::uint32_t> expected;            // new connections of which nobody knows what they want
  std::atomic<std::uint32_t> takes_over;          // 1: it takes connections of siblings over
  std::atomic<std::uint64_t> claimed;             // descriptors of tunnels and of what waits, likewise
  std::atomic<std::uint64_t> claimed_most;        // how many of these a new connection may count on
  alignas(64) std::atomic<std::uint64_t> active;  // tunnels in the engine now
  std::atomic<std::uint64_t> active_worker;       // tunnels that hold a worker thread now
  std::atomic<std::uint64_t> buffered;            // bytes that wait to be written in all its tunnels now
  // As its caretaker counted them last; 0: not yet.
  std::atomic<std::uint32_t> descriptors;
  std::atomic<std::uint32_t> descriptors_most;  // how many it may have
  PresenceCounts presence;
  Counter counters[kCounterCapacity];
  alignas(64) std::atomic<std::uint32_t> held[kResources];  // what it holds of each shared resource
  // Its requests that were given to each, and are no tunnels in `held` (yet).
  std::atomic<std::uint32_t> in_work[kResources];
};
static_assert(sizeof(ProcessSlot) % 64 == 0);

// A page of rows belongs to one slot; only that slot's process uses its rows.
struct alignas(64) PageHead {
  std::atomic<std::uint32_t> owner;  // index of the slot + 1; 0: free. Taken by compare-and-swap
  std::atomic<std::uint64_t> used;   // one bit a row
};
static_assert(sizeof(PageHead) == 64);

// What a live tunnel is like; bits of its row's `traits`.
namespace trait {
inline constexpr std::uint16_t kClientTls = 1;
inline constexpr std::uint16_t kOriginTls = 2;
inline constexpr std::uint16_t kOnWorker = 4;     // it holds a worker thread
inline constexpr std::uint16_t kUser = 8;         // there is a RowUser for it
inline constexpr std::uint16_t kSlowClient = 16;  // bytes wait for its client
inline constexpr std::uint16_t kSlowOrigin = 32;
inline constexpr std::uint16_t kEnding = 64;  // one side has ended, or we end it
}  // namespace trait

// A live tunnel as others see it. Written by its process under `sequence` (odd: being written), and what has
// passed, below, by its process as it goes on; `command` by anybody.
struct TunnelRow {
  std::atomic<std::uint32_t> sequence;
  std::atomic<limits::PermitRef> permit;  // of the limits
  std::atomic<std::uint64_t> command;     // sequence it is meant for << 32 | action << 16 | Close code
  std::atomic<std::uint64_t> id;
  std::atomic<std::int64_t> started;     // microseconds of the epoch
  std::atomic<std::int64_t> began;       // the same moment as base::now_us() has it
  std::atomic<std::uint64_t> client[2];  // words of an Address, as a reader may look while they are written
  std::atomic<std::uint16_t> label;      // index of a label, or 0
  std::atomic<std::uint16_t> resource;   // the shared resource that it is held of + 1, or 0

  std::atomic<std::uint16_t> traits;
  std::atomic<std::uint16_t> rtt[2];    // of the last ping to client and origin: milliseconds + 1, 0: none
  std::atomic<std::uint32_t> active;    // when data passed last: seconds since it started
  std::atomic<std::uint64_t> bytes[2];  // from client and origin
  std::atomic<std::uint64_t> messages[2];
};
static_assert(sizeof(TunnelRow) == 104);
static_assert(kLabels <= UINT16_MAX && kResources < UINT16_MAX);

// Whose a tunnel is, where that is to be shown: of the row of the same number, under its `sequence`.
struct RowUser {
  static constexpr std::size_t kSize = 64;
  std::atomic<std::uint64_t> words[kSize / 8];  // text, cut to fit; a byte 0 ends it
};

// Written by whoever has taken it, until it stands at a place; from then on it never changes.
struct alignas(16) Label {
  static constexpr std::size_t kTexts = 3;  // server, route, origin
  static constexpr std::size_t kTextEnds[kTexts] = {56, 112, 176};
  friend constexpr bool operator==(const Label&, const Label&) noexcept = default;

  std::array<char, kTextEnds[kTexts - 1]> text;
};
static_assert(sizeof(Label) == 176);

// What became of the tunnels of one label. Added to by everybody.
struct alignas(64) LabelCounts {
  Counter opened;
  Counter handshake_us;  // of the opened, in sum
  Counter bytes[2];      // from clients and origins; live tunnels' are a second late
  Counter messages[2];
  Counter refused[base::kHandshakeRefusals];
  Counter closes[2][kCloseCodes];  // Close frames of clients and origins, of tunnels that have ended
};

// The index of a label is its number in `labels` + 1. Written by anybody, by compare-and-swap.
struct alignas(64) LabelTable {
  std::atomic<std::uint64_t> taken[kLabels / 64];   // one bit a label
  std::atomic<std::uint32_t> places[kLabelPlaces];  // indexes, by hash; 0: free. Set once, never removed
  Label labels[kLabels];
  LabelCounts counts[kLabels + 1];  // by index; 0: of those that found no label
  // Of those at places, how many have an origin that requests chose.
  std::atomic<std::uint32_t> of_requests;
  Counter lost;  // how often one that was wanted found no room
};

struct alignas(64) WSFLOW_CAPABILITY("reaper lock") Layout {
  // Written by the parent alone. A child could have written it since, so the parent reads no more of it again
  // than `magic` and `fingerprint`, at a reload: if they are not its own, it makes another segment.
  std::uint64_t magic;
  std::uint64_t fingerprint;  // of the build that made it: metrics/segment_fingerprint.hpp
  // For those who look from outside: a debugger, a test.
  std::uint32_t header_size;
  std::uint32_t slot_size;
  std::uint32_t row_size;
  std::uint32_t label_size;   // of the whole table
  std::uint32_t limits_size;  // of the whole table
  std::uint32_t slot_capacity;
  std::uint32_t page_capacity;
  std::atomic<std::uint32_t> generation;  // of the newest configuration
  std::atomic<std::int64_t> started;      // seconds of the epoch: when it was made, and all counts began

  // Grow when a slot or page is taken that never was: nobody looks, and touches memory, beyond.
  alignas(64) std::atomic<std::uint32_t> slots_seen;
  std::atomic<std::uint32_t> pages_seen;
  std::atomic<std::int64_t> next_reap_ms;   // monotonic. Claimed by compare-and-swap by whoever reaps then
  std::atomic<std::int64_t> next_share_ms;  // monotonic. Whoever claims it tells other nodes of tunnels then
  std::atomic<std::int64_t> next_tell_ms;   // monotonic. Whoever claims it tells changes of presence then
  std::atomic<std::uint32_t>
      labels_told;  // 1: the log says that all labels are taken. Exchanged by whoever says it
  std::atomic<std::uint64_t> reasons_told;  // why tunnels hold worker threads: shm/once.hpp

  // What the reaper needs. `lock` is robust and only ever tried; its holder writes the rest.
  alignas(64) pthread_mutex_t lock;
  alignas(64) std::atomic<std::uint64_t> commit;  // a Commit's word
  alignas(64) Counter totals[2][kCounterCapacity];

  // What the charts show. Written by the holder of `lock`.
  SampleRing sample_ring;
  // What operators want done.
  Jobs jobs;
  RefusalBoard refusals;

  // The shared resources: their keys, 0: free, and the newest configuration that has named each. Written by
  // the parent, before its children start.
  alignas(64) std::atomic<std::uint64_t> resources[kResources];
  std::atomic<std::uint32_t> named[kResources];
  // Since when each is in use, as base::note_use() has it. Written by the parent, and by whoever sees a
  // change.
  std::atomic<std::int64_t> in_use_since[kResources];
  // What other nodes have of each: words of set_elsewhere(). Written by whoever hears of it.
  std::atomic<std::uint64_t> elsewhere[kResources];
};

// Which copy of the totals counts, and which slot is already in them but not yet cleared.
struct Commit {
  static constexpr Commit of(std::uint64_t word) noexcept {
    return {static_cast<unsigned>(word & 1), static_cast<std::uint32_t>((word >> 1U) & 0xFFFF), word >> 17U};
  }
  constexpr std::uint64_t word() const noexcept {
    return (sequence << 17U) | (std::uint64_t{clearing} << 1U) | active;
  }

  unsigned active = 0;         // copy of the totals
  std::uint32_t clearing = 0;  // index of the slot + 1; 0: none
  std::uint64_t sequence = 0;
};
static_assert(kMaxSlots < 0xFFFF);

// The parts behind the header; Segment is Layout or const Layout. The only arithmetic with addresses of the
// segment.
template <class Part, class Segment>
auto part_of(Segment& layout, std::size_t offset, std::size_t count) noexcept {
  constexpr bool readonly = std::is_const_v<Segment>;
  using Byte = std::conditional_t<readonly, const std::byte, std::byte>;
  using Result = std::conditional_t<readonly, const Part, Part>;
  auto* begin = reinterpret_cast<Byte*>(&layout) + sizeof(Layout) + offset;
  return std::span<Result>(reinterpret_cast<Result*>(begin), count);
}
template <class Segment>
auto slots(Segment& layout) noexcept {
  return part_of<ProcessSlot>(layout, 0, layout.slot_capacity);
}
// Those that were ever used. `capacity`: of the segment, as the caller knows it for sure.
inline std::span<const ProcessSlot> used_slots(const Layout& layout, std::size_t capacity) noexcept {
  const std::size_t seen = layout.slots_seen.load();
  return part_of<ProcessSlot>(layout, 0, seen < capacity ? seen : capacity);
}
template <class Segment>
auto page_heads(Segment& layout) noexcept {
  return part_of<PageHead>(layout, slots(layout).size_bytes(), layout.page_capacity);
}
// Of page after page.
template <class Segment>
auto rows(Segment& layout) noexcept {
  return part_of<TunnelRow>(layout, slots(layout).size_bytes() + page_heads(layout).size_bytes(),
                            layout.page_capacity * kPageRows);
}
template <class Segment>
auto& label_table(Segment& layout) noexcept {
  const auto before =
      slots(layout).size_bytes() + page_heads(layout).size_bytes() + rows(layout).size_bytes();
  return part_of<LabelTable>(layout, before, 1).front();
}
template <class Segment>
auto& limits_table(Segment& layout) noexcept {
  const auto before = slots(layout).size_bytes() + page_heads(layout).size_bytes() +
                      rows(layout).size_bytes() + sizeof(LabelTable);
  return part_of<limits::Table>(layout, before, 1).front();
}
template <class Segment>
auto row_users(Segment& layout) noexcept {
  const auto before = slots(layout).size_bytes() + page_heads(layout).size_bytes() +
                      rows(layout).size_bytes() + sizeof(LabelTable) + sizeof(limits::Table);
  return part_of<RowUser>(layout, before, layout.page_capacity * kPageRows);
}

// Nothing for a slot outside the segment.
inline std::optional<std::uint32_t> index_of(const Layout& layout, const ProcessSlot& slot) noexcept {
  const auto first = reinterpret_cast<std::uintptr_t>(slots(layout).data());
  const auto index = (reinterpret_cast<std::uintptr_t>(&slot) - first) / sizeof(ProcessSlot);
  return index < layout.slot_capacity ? std::optional(static_cast<std::uint32_t>(index)) : std::nullopt;
}

inline void raise(std::atomic<std::uint32_t>& value, std::uint32_t least) noexcept {
  auto current = value.load();
  while (current < least && !value.compare_exchange_weak(current, least)) {
  }
}

}  // namespace wsflow::shm
