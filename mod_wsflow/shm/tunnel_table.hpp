#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "mod_wsflow/base/mutex.hpp"
#include "mod_wsflow/shm/address.hpp"
#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::shm {

// What the row of a tunnel says; the texts are those of its label.
struct TunnelFacts {
  std::uint64_t id;
  std::int64_t started_us;    // microseconds of the epoch
  std::int64_t began_us = 0;  // the same moment as base::now_us() has it
  Address client;
  std::string_view server;
  std::string_view route;
  std::string_view origin;
  bool origin_of_request = false;           // the request says which one it is (LabelTexts)
  std::optional<std::uint32_t> resource{};  // the shared resource that it is held of
  limits::PermitRef permit{};               // of the limits
  std::uint16_t traits = 0;
  std::string_view user{};         // to be shown; may be empty
  std::uint64_t handshake_us = 0;  // what its handshake took
};

// What has passed so far.
struct Activity {
  std::array<std::uint64_t, 2> bytes;  // from client and origin
  std::array<std::uint64_t, 2> messages;
  std::uint32_t active;              // when data passed last: seconds since it started
  std::array<std::uint16_t, 2> rtt;  // of the last ping to client and origin: milliseconds + 1, 0: none
  std::uint16_t traits;              // kSlowClient, kSlowOrigin, kEnding, as it is now
};

enum class Command : std::uint16_t {
  none,
  close,
  obeyed,  // left where a command was taken; nobody gives it
};

// A row's `command`, which carries its sequence: a tunnel that gets the row meanwhile does not take it.
constexpr std::uint64_t command_word(std::uint32_t sequence, Command action, std::uint16_t code) noexcept {
  return (std::uint64_t{sequence} << 32U) | (std::uint64_t{static_cast<std::uint16_t>(action)} << 16U) | code;
}
// What take_command() gives: 0, or the action above the Close code.
constexpr Command action_of(std::uint32_t command) noexcept {
  return static_cast<Command>(command >> 16U);
}
constexpr std::uint16_t code_of(std::uint32_t command) noexcept {
  return static_cast<std::uint16_t>(command & 0xFFFF);
}

class TunnelRows;

// The row of one tunnel, freed with it; empty where the table was full. One thread at a time.
class RowLease {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  RowLease() noexcept = default;
  RowLease(RowLease&& other) noexcept : rows_(std::exchange(other.rows_, nullptr)), row_(other.row_) {}
  RowLease& operator=(RowLease&& other) noexcept {
    std::swap(rows_, other.rows_);
    std::swap(row_, other.row_);
    return *this;
  }
  RowLease(const RowLease&) = delete;
  RowLease& operator=(const RowLease&) = delete;
  ~RowLease();

  explicit operator bool() const noexcept { return rows_ != nullptr; }
  TunnelRows* owner() const noexcept { return rows_; }
  // Leaves the row to the caller, who frees it; kNone: there is none.
  std::uint32_t release() noexcept { return std::exchange(rows_, nullptr) != nullptr ? row_ : kNone; }
  // TunnelRows's, of this row; nothing if there is none.
  std::uint32_t take_command() noexcept;
  void show(const Activity& activity) noexcept;
  void forget_permit() noexcept;

 private:
  friend class TunnelRows;
  RowLease(TunnelRows& rows, std::uint32_t row) noexcept : rows_(&rows), row_(row) {}

  TunnelRows* rows_ = nullptr;  // borrowed; outlives every lease
  std::uint32_t row_ = 0;
};
static_assert(sizeof(RowLease) <= 16);

// Gives out the rows of this process. Every thread may open and free. After a fork of a process with one
// thread the child may go on with it, once it has the slot.
class TunnelRows {
 public:
  // `slot` is one of `layout`, or else there are no rows. Both are borrowed and live as long as the process.
  TunnelRows(Layout& layout, const ProcessSlot& slot) noexcept;
  TunnelRows(const TunnelRows&) = delete;
  TunnelRows& operator=(const TunnelRows&) = delete;

  RowLease open(const TunnelFacts& facts) noexcept;
  // Whether there is a row for another tunnel: one without would be out of reach for operators.
  bool has_room() noexcept;

  // Of a row that open() gave and nobody has freed, for whoever has it. One thread at a time.
  // What somebody wants done with the tunnel, once; 0: nothing.
  std::uint32_t take_command(std::uint32_t row) noexcept;
  // Tells everybody what has passed so far.
  void show(std::uint32_t row, const Activity& activity) noexcept;
  // The tunnel has given its permit back.
  void forget_permit(std::uint32_t row) noexcept;
  // The tunnel, which ends, had a Close frame of its client (0) or origin (1): counts the class of its code.
  void count_close(std::uint32_t row, std::size_t from, std::size_t code) noexcept;
  // A number that stands for its server, route and origin; 0: no label was free.
  std::uint32_t label(std::uint32_t row) const noexcept;
  void free(std::uint32_t row) noexcept;

 private:
  std::optional<std::uint32_t> page_with_room() noexcept WSFLOW_REQUIRES(mutex_);

  Layout& layout_;
  std::uint32_t owner_;  // what stands in the heads of our pages; 0: no rows
  base::Mutex mutex_;    // guards the `used` of our pages, too
  // One bit a page: ours, with a free row.
  std::array<std::uint64_t, kMaxPages / 64> room_ WSFLOW_GUARDED_BY(mutex_){};
};

}  // namespace wsflow::shm
