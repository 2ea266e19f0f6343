#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/flow/control.hpp"
#include "mod_wsflow/metrics/recorder.hpp"
#include "mod_wsflow/shm/tunnel_table.hpp"
#include "mod_wsflow/tunnel/admission.hpp"
#include "mod_wsflow/tunnel/deadlines.hpp"
#include "mod_wsflow/tunnel/endpoint.hpp"
#include "mod_wsflow/tunnel/limits.hpp"
#include "mod_wsflow/tunnel/observer.hpp"
#include "mod_wsflow/tunnel/origin_place.hpp"

namespace wsflow::tunnel {

enum class Side : std::uint8_t { client, origin };
constexpr Side other(Side side) noexcept {
  return side == Side::client ? Side::origin : Side::client;
}

// One tunnel: two endpoints, what was seen of the bytes between them, and how it ends. It knows no loop and
// no clock. A worker builds it; from Engine::adopt on it belongs to one loop thread.
class Tunnel : public DeadlineHook {
 public:
  struct Parts {
    base::UniqueFd client_fd;
    os::SslRef client_ssl;  // none: plain
    base::UniqueFd origin_fd;
    os::SslRef origin_ssl;  // none: plain
    Admission::Place place;
    flow::Held permit{};  // empty: nothing limits it
    shm::RowPlace row{};  // empty: none
    Limits limits;
    std::uint64_t id = 0;
    OriginPlace origin_place{};         // empty: the origin is no member of a balancer
    const void* log_context = nullptr;  // handed to the log sink; borrowed, lives as long as the process
  };
  Tunnel(Parts parts, base::Instant now) noexcept;

  // Takes over bytes that were read from `from` before the tunnel began. Before adoption only.
  void preload(Side from, std::span<const std::uint8_t> bytes, metrics::Recorder& recorder);

  // Reads from `from` into `buffer` and writes to the other side, until nothing more is there, the other side
  // is full, or `budget` bytes have passed. True if the budget ended it: there may be more.
  bool relay(Side from, std::span<std::uint8_t> buffer, std::size_t budget, metrics::Recorder& recorder);
  // Writes what waits for `side`; lets the other side be read again below the low watermark.
  void flush(Side side) noexcept;
  // Passes on ends of stream and broken connections. True if the tunnel is over.
  bool settle() noexcept;
  // An end of `side` is waiting, but it cannot be read to because the other side takes nothing: the tunnel is
  // ending all the same. How it ends is known when the side is read.
  void note_hang_up(Side side) noexcept;
  // Whether bytes have moved since the last call.
  bool take_progress() noexcept { return std::exchange(progress_, false); }

  // Ends the tunnel with a Close frame of ours to both sides, each as soon as the frame that is on its way
  // there is whole; then our end of stream. What a side sends from then on is dropped. A side that has had
  // its Close frame from the other one already, or whose bytes are no WebSocket, gets the end of stream
  // alone. `mask_key` masks the frame to the origin (RFC 6455 5.3). The first call counts.
  void begin_close(std::uint16_t code, std::uint32_t mask_key, base::Outcome outcome);
  bool closing() const noexcept { return close_code_ != 0; }
  // Sends ends of stream now, in the middle of a frame or not.
  void cut_off() noexcept;

  // One side has ended: the tunnel lives on only while bytes move.
  bool ending() const noexcept { return first_end_.has_value() || hang_up_waits_; }
  bool both_closes_seen() const noexcept { return observer_[0].close_seen() && observer_[1].close_seen(); }
  base::Outcome outcome() const noexcept { return first_end_.value_or(base::Outcome::server_stop); }
  // Gives the tunnel an outcome if nothing else has ended it before.
  void end_as(base::Outcome outcome) noexcept;
  void override_outcome(base::Outcome outcome) noexcept { first_end_ = outcome; }

  Endpoint& endpoint(Side side) noexcept { return endpoint_[static_cast<std::size_t>(side)]; }
  const Observer& from(Side side) const noexcept { return observer_[static_cast<std::size_t>(side)]; }
  // The Close code of an operator's command, once; 0: none.
  std::uint16_t take_close_command() noexcept {
    const auto command = row_.take_command();
    return shm::action_of(command) == shm::Command::close ? shm::code_of(command) : std::uint16_t{0};
  }
  // The descriptors of both sides, behind those in `to`.
  void add_descriptors(std::vector<int>& to) const {
    for (const auto& endpoint : endpoint_) to.push_back(endpoint.stream.fd());
  }
  const Limits& limits() const noexcept { return limits_; }
  std::uint64_t id() const noexcept { return id_; }
  const void* log_context() const noexcept { return log_context_; }
  base::Instant started() const noexcept { return started_; }

  // Owned by the loop.
  Tunnel* previous = nullptr;  // neighbours in the loop's list; borrowed
  Tunnel* next = nullptr;
  bool scheduled = false;  // waits for another turn
  bool over = false;       // to be freed at the end of the turn

 private:
  void note_end(Side side, bool broken) noexcept;
  void pass_on(Side to, std::span<const std::uint8_t> bytes);
  void pass_on_to_boundary(Side to, std::span<const std::uint8_t> bytes, metrics::Recorder& recorder);
  void close_at_boundary(Side to);
  bool& cut(Side side) noexcept { return cut_[static_cast<std::size_t>(side)]; }
  Observer& observer(Side side) noexcept { return observer_[static_cast<std::size_t>(side)]; }

  std::array<Endpoint, 2> endpoint_;  // owned; by Side
  std::array<Observer, 2> observer_;  // what each Side sent
  Admission::Place place_;            // owned
  flow::Held permit_;                 // owned
  shm::RowPlace row_;                 // owned
  OriginPlace origin_place_;          // owned
  const void* log_context_;           // borrowed
  base::Instant started_;
  std::uint64_t id_;
  Limits limits_;
  std::uint32_t mask_key_ = 0;    // of our Close frame to the origin
  std::uint16_t close_code_ = 0;  // of our Close frames; 0: we do not end this tunnel
  std::array<bool, 2> cut_{};     // nothing more of the other side is passed to this Side
  std::optional<base::Outcome> first_end_;
  bool hang_up_waits_ = false;  // a side that cannot be read to its end has ended
  bool progress_ = false;
};

static_assert(sizeof(Tunnel) <= 400, "promise 2 of the design: an idle tunnel costs less than 512 bytes");

}  // namespace wsflow::tunnel
