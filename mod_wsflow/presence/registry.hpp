#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "mod_wsflow/base/mutex.hpp"

namespace wsflow::presence {

// Microseconds of the wall clock since 1970.
using Time = std::int64_t;

// What is counted together: the list of a WSFlowPresence, of one route where it counts by route.
struct List {
  std::string name;
  std::string route;  // empty: of all routes
  Time grace;         // how long a key without sockets is still there
  friend bool operator==(const List&, const List&) noexcept = default;
};

class Interval;

// An interval as it goes to the store. The texts live until the next call of the registry.
struct Row {
  const List* list;
  std::string_view key;
  Time opened;
  Time closed;            // 0: open
  std::uint32_t sockets;  // now
  std::uint32_t most;     // at a time
  std::uint64_t bytes;    // of the sockets that have gone
};

// What a registry holds.
struct RegistryCounts {
  std::uint64_t keys = 0;  // that have sockets, or are held for their grace
  std::uint64_t sockets = 0;
  std::uint64_t waiting = 0;  // intervals that the store must still get, those on their way too
  Time oldest = 0;            // since when the first of them waits; 0: none does
  std::uint64_t joins = 0;    // intervals that began, since the process began
  std::uint64_t leaves = 0;   // and ended
  std::uint64_t lost = 0;     // intervals that had no room to wait, since the process began
};

// Who has sockets in this process: for each key of a list one interval, from its first socket to its last.
// Loops and workers join and leave; the writer takes what has changed to the store. Nobody waits for longer
// than it takes to look at some hundred intervals.
class Registry {
 public:
  // `secret`: makes the places of keys unpredictable. `most_closed`: closed intervals that may wait for the
  // store; those beyond are lost, and the store's rows of them are put right by a full sending.
  Registry(std::array<std::uint64_t, 2> secret, std::size_t most_closed);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // A socket has come. The result is for the one leave() of this socket. `first_waits` is set if nothing
  // waited for the store before. nullptr: there are 65,536 lists already, and this is another one. Throws
  // std::bad_alloc; then no socket has come. Any thread.
  Interval* join(const List& list, std::string_view key, Time now, bool& first_waits);
  // The socket has gone, with so many bytes in both directions. As join(). Any thread.
  void leave(Interval* interval, std::uint64_t bytes, Time now, bool& first_waits) noexcept;

  // The writer's calls. One thread.

  // Closes the intervals whose grace is over; `all`: of all keys without sockets. Returns when the next one
  // is due; 0: none is held.
  Time close_held(Time now, bool all) noexcept;
  // Hands up to `most` intervals that wait to `append`, which must be quick; they are on their way until
  // sent() says how that ended. Returns how many. Throws what `append` throws, with some of them on their
  // way. Pre: none is on its way.
  template <class Append>
  std::size_t take(std::size_t most, Append&& append) {
    return take_rows(
        most, [](void* to, const Row& row) { (*static_cast<std::remove_reference_t<Append>*>(to))(row); },
        &append);
  }
  // All that is on its way is stored, or waits again.
  void sent(bool stored) noexcept;

  // Begins a full sending: every interval waits again. Its number goes along with all rows from now on.
  std::uint32_t begin_full(Time now) noexcept;
  // True once all that there was at begin_full() is stored: the store may close what it was not told of.
  bool full_is_done() noexcept;
  // Intervals were lost since the last begin_full(): the store may have rows that are not true.
  bool needs_full() const noexcept;

  RegistryCounts counts() const noexcept;

 private:
  static constexpr std::size_t kShards = 64;  // a table that grows holds up nobody for long
  static constexpr std::size_t kSlice = 100;  // intervals taken at a time

  struct Hold {
    Interval* interval;
    Time closed;
  };
  struct KnownList {
    List list;
    std::deque<Hold> held;  // who lost the last socket first stands first
  };
  struct Shard {
    std::vector<Interval*> buckets;  // chains; owned. Their number is a power of two, or none
    std::size_t size = 0;
  };

  std::size_t take_rows(std::size_t most, void (*append)(void* to, const Row& row), void* to);
  std::optional<std::uint16_t> number_of(const List& list) WSFLOW_REQUIRES(mutex_);
  std::uint32_t hash(std::uint16_t list, std::string_view key) const noexcept;
  static void grow(Shard& shard);
  Interval* open(std::uint16_t list, std::string_view key, Time now) WSFLOW_REQUIRES(mutex_);
  void remove(Interval& interval) noexcept WSFLOW_REQUIRES(mutex_);
  bool enqueue(Interval& interval, Time now) noexcept WSFLOW_REQUIRES(mutex_);
  void unlink(Interval& interval) noexcept WSFLOW_REQUIRES(mutex_);
  void close(Interval& interval, Time now) noexcept WSFLOW_REQUIRES(mutex_);
  void lose(Interval& interval) noexcept WSFLOW_REQUIRES(mutex_);
  static void release(Interval& interval) noexcept;
  void finish_full(Interval& interval) noexcept WSFLOW_REQUIRES(mutex_);

  const std::array<std::uint64_t, 2> secret_;
  const std::size_t most_closed_;

  mutable base::Mutex mutex_;
  std::deque<KnownList> lists_ WSFLOW_GUARDED_BY(mutex_);  // by number; none goes, and none moves
  // By name and route, texts of `lists_`.
  std::map<std::pair<std::string_view, std::string_view>, std::uint16_t> numbers_ WSFLOW_GUARDED_BY(mutex_);
  std::array<Shard, kShards> shards_ WSFLOW_GUARDED_BY(mutex_);
  Interval* first_ WSFLOW_GUARDED_BY(mutex_) = nullptr;  // of those that wait, in the order of their changes
  Interval* last_ WSFLOW_GUARDED_BY(mutex_) = nullptr;
  std::vector<Interval*> on_their_way_ WSFLOW_GUARDED_BY(mutex_);
  std::size_t closed_waiting_ WSFLOW_GUARDED_BY(mutex_) = 0;  // in both
  std::size_t closed_before_ WSFLOW_GUARDED_BY(mutex_) = 0;   // those of them from before the full sending
  RegistryCounts counts_ WSFLOW_GUARDED_BY(mutex_);
  std::uint32_t full_ WSFLOW_GUARDED_BY(mutex_) = 0;       // number of the newest full sending
  std::uint64_t full_left_ WSFLOW_GUARDED_BY(mutex_) = 0;  // intervals of which it waits to be stored
  bool full_runs_ WSFLOW_GUARDED_BY(mutex_) = false;
  bool needs_full_ WSFLOW_GUARDED_BY(mutex_) = false;
};

}  // namespace wsflow::presence
