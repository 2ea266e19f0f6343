#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/base/thread_owner.hpp"
#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/metrics/recorder.hpp"
#include "mod_wsflow/shm/tunnel_table.hpp"
#include "mod_wsflow/tunnel/admission.hpp"
#include "mod_wsflow/tunnel/close_codes.hpp"
#include "mod_wsflow/tunnel/deadline.hpp"
#include "mod_wsflow/tunnel/endpoint.hpp"
#include "mod_wsflow/tunnel/frame_gate.hpp"
#include "mod_wsflow/tunnel/listener.hpp"
#include "mod_wsflow/tunnel/observer.hpp"
#include "mod_wsflow/tunnel/options.hpp"
#include "mod_wsflow/tunnel/origin_lease.hpp"
#include "mod_wsflow/tunnel/side.hpp"
#include "mod_wsflow/tunnel/timer_wheel.hpp"

namespace wsflow::tunnel {

// One tunnel: two endpoints, the observers of the bytes between them, and the state of its end. It knows no
// loop, and its callers give it the time. A worker builds it; from Engine::adopt on one loop thread owns it.
class Tunnel : public TimerHook {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Parts {
    base::UniqueFd client_fd;
    os::SslRef client_ssl;  // none: plain
    base::UniqueFd origin_fd;
    os::SslRef origin_ssl;  // none: plain
    Admission::Lease admission;
    limits::PermitLease permit{};               // empty: no limit applies
    shm::RowLease row{};                        // empty: no row
    const Options* options = &kDefaultOptions;  // borrowed; lives as long as the process
    base::Instant lives_until = base::Instant::max();
    std::uint32_t session_until = 0;  // seconds since 1970 by the wall clock; 0: for ever
    bool extensions = true;           // the ends agreed on extensions, which own reserved bits, or may have
    std::uint64_t id = 0;
    OriginLease origin_lease{};  // empty: the origin is no member of a balancer
    Listeners listeners{};
  };
  Tunnel(Parts parts, base::Instant now);

  // Takes over bytes that were read from `from` before the tunnel began. Pre: not adopted yet.
  void preload(Side from, std::span<const std::uint8_t> bytes, metrics::Recorder& recorder);

  // The calling thread owns the tunnel from now on. `now` may lie before the maker's `now`, as the loop reads
  // its clock once a turn.
  void begin(base::Instant now) noexcept;
  // Sets the time of the next calls. `crowded`: too many bytes wait in the process.
  void begin_turn(base::Instant now, bool crowded) noexcept {
    WSFLOW_ASSERT(thread_.here());
    now_ = stamp(now);
    crowded_ = crowded;
  }
  // Reads from `from` into `buffer` and writes to the other side, until no bytes are left, the other side is
  // full, or `budget` bytes have passed. True if the budget ended it: more bytes may be there.
  // Pre: the buffer is larger than FrameGate::kMaxHead if there is a gate.
  bool relay(Side from, std::span<std::uint8_t> buffer, std::size_t budget, metrics::Recorder& recorder);
  // Writes the bytes that wait for `side`, and resumes reading the other side at the low watermark.
  void flush(Side side) noexcept;
  // Passes on ends of stream and broken connections. A side that ended without a Close frame is told to the
  // other one by a Close frame of ours. True if the tunnel is over.
  bool settle();
  // The kernel reports an end of `side`. If `side` is paused, as the other side takes nothing, the tunnel is
  // ending from now on; its outcome is known when `side` has been read to the end.
  void note_hang_up(Side side) noexcept;
  // True if bytes have moved, or the tunnel has begun to end, since the last call.
  bool take_progress() noexcept { return std::exchange(progress_, false); }
  // True if a side that this turn has read already can be read again.
  bool take_again() noexcept { return std::exchange(again_, false); }
  // Bytes that wait to be written to both sides.
  std::uint32_t waiting() const noexcept {
    return static_cast<std::uint32_t>(endpoint_[0].pending.size() + endpoint_[1].pending.size());
  }

  // The next deadline. `wall_ahead`, base::wall_ahead(), matters only in a session; `absence` is the loop's
  // last one. Pre: in a turn.
  Deadline deadline(base::Instant now, base::Millis wall_ahead = {}, const Absence& absence = {}) noexcept;
  // The tunnel ends with a session: its deadline depends on the wall clock.
  bool has_session() const noexcept { return session_until_ != 0; }
  // The deadline may be nearer than it was.
  bool pressed() const noexcept {
    return ending() || nearer_ || waiting() != 0 || endpoint_[0].rate_paused || endpoint_[1].rate_paused;
  }
  // Makes the next turn try to read both sides, with or without events: a peer is heard before it is given
  // up.
  void expect_everything() noexcept;
  // Acts on a deadline that has come. True if the tunnel is over.
  bool meet(const Deadline& due, metrics::Recorder& recorder);
  bool ping_waits() const noexcept { return endpoint_[0].ping_waits || endpoint_[1].ping_waits; }
  // Sends the waiting pings that can be sent now. True if the deadline has changed.
  bool send_waiting_pings(metrics::Recorder& recorder);
  // Bytes have moved while the tunnel ends: the time of `close` starts again, unless we close the tunnel.
  void stay() noexcept {
    if (!closing_) active_at_ = now_;
  }

  // Ends the tunnel: each side gets a Close frame of ours at the next frame boundary, then our end of stream.
  // Bytes that a side sends after that are dropped. A side that already got a Close frame of the other side,
  // or a stream that is no WebSocket, gets only the end of stream. `mask_key` masks the frame to the origin
  // (RFC 6455 5.3). Only the first call counts. Whatever the peers do, the tunnel is over after the time of
  // `close`.
  void begin_close(CloseCodes codes, std::uint32_t mask_key, base::Outcome outcome,
                   EndedBy cause = EndedBy::nobody);
  bool closing() const noexcept { return closing_; }
  // Tells the listeners of the tunnel's start or end.
  void notify(Event event, base::Instant now) noexcept { listeners_.notify(event, *this, now); }
  // Sends ends of stream to both sides at once, even in the middle of a frame.
  void cut_off() noexcept;

  // The tunnel is ending: it lives on only while bytes move.
  bool ending() const noexcept { return first_end_.has_value() || hang_up_waits_; }
  bool both_closes_seen() const noexcept { return observer_[0].close_seen() && observer_[1].close_seen(); }
  // `server_stop` until something else has ended the tunnel.
  base::Outcome outcome() const noexcept { return first_end_.value_or(base::Outcome::server_stop); }
  // The party that ended the tunnel.
  EndedBy cause() const noexcept { return cause_; }
  // Sets the outcome, unless the tunnel already has one.
  void end_as(base::Outcome outcome, EndedBy cause = EndedBy::nobody) noexcept;
  // The round trip of the last answered ping, in milliseconds.
  std::optional<std::uint32_t> rtt(Side side) const noexcept {
    const auto rtt = rtt_[static_cast<std::size_t>(side)];
    return rtt != 0 ? std::optional<std::uint32_t>(rtt - 1) : std::nullopt;
  }
  // The code of the Close frame that we sent to `side`; 1005: a frame without a code, 0: no frame.
  std::uint16_t our_close(Side side) const noexcept {
    return side == Side::client ? our_closes_.client : our_closes_.origin;
  }

  Endpoint& endpoint(Side side) noexcept { return endpoint_[static_cast<std::size_t>(side)]; }
  const Observer& from(Side side) const noexcept { return observer_[static_cast<std::size_t>(side)]; }
  // Takes the Close code of an operator's command; 0: no command.
  std::uint16_t take_close_command() noexcept {
    const auto command = row_.take_command();
    return shm::action_of(command) == shm::Command::close ? shm::code_of(command) : std::uint16_t{0};
  }
  // Writes the counts so far into the tunnel's row.
  void show(base::Instant now) noexcept;
  // Appends the descriptors of both sides.
  void add_descriptors(std::vector<int>& to) const {
    for (const auto& endpoint : endpoint_) to.push_back(endpoint.stream.fd());
  }
  base::ThreadOwner& thread() noexcept { return thread_; }
  const Options& options() const noexcept { return *options_; }
  std::uint64_t id() const noexcept { return id_; }
  const void* log_context() const noexcept { return options_->log_context; }
  base::Instant started() const noexcept { return started_; }

  // The loop's fields.
  std::uint32_t counted_waiting = 0;    // the part of the process's sum that stands for waiting()
  std::uint32_t unshown_place = kNone;  // index in the loop's list of rows to write
  bool scheduled = false;               // waits for another turn
  bool over = false;                    // freed at the end of the turn

 private:
  void give_permit_back() noexcept;
  void note_closer() noexcept;
  void note_end(Side side, bool broken) noexcept;
  void note_write_failure(Side side) noexcept;
  void pass_on(Side to, std::span<const std::uint8_t> bytes);
  void pass_on_to_boundary(Side to, std::span<const std::uint8_t> bytes, metrics::Recorder& recorder);
  std::size_t let_through(Side from, std::span<std::uint8_t> bytes, metrics::Recorder& recorder);
  void note_sign_of_life(Side from) noexcept;
  void order_close(CloseCodes codes, std::uint32_t mask_key, base::Outcome outcome, EndedBy cause) noexcept;
  void refuse(Side from, base::Outcome why) noexcept;
  void give_up(Side side, base::Outcome why) noexcept;
  void close_at_boundary(Side to);
  std::uint16_t code_for(Side to) const noexcept;
  bool can_ping(Side side) const noexcept;
  void ping(Side side, metrics::Recorder& recorder);
  bool takes_bytes(Side side, const os::Delivery& delivery) noexcept;
  bool may_still_answer(Side side) noexcept;
  bool still_delivering(Side side) noexcept;
  bool ended_by_peers() const noexcept;
  std::uint32_t high_watermark() const noexcept;
  std::unique_ptr<FrameGate>& gate(Side from) noexcept { return gate_[static_cast<std::size_t>(from)]; }
  bool& cut(Side side) noexcept { return cut_[static_cast<std::size_t>(side)]; }
  Observer& observer(Side side) noexcept { return observer_[static_cast<std::size_t>(side)]; }

  // The thread that may use the tunnel: its maker, then the one that called begin(), then the one that runs
  // the loop.
  [[no_unique_address]] base::ThreadOwner thread_;
  // The fields that every turn touches stand together, from the loop's fields on.
  bool closing_ = false;        // begin_close() was called, or a gate has stopped a frame
  bool hang_up_waits_ = false;  // a paused side has ended
  bool progress_ = false;
  bool nearer_ = false;    // a ping may be due earlier: a pinged peer spoke, or a paused one is read again
  bool crowded_ = false;   // too many bytes wait in the process; of this turn
  bool again_ = false;     // take_again()
  const bool extensions_;  // reserved bits may belong to an extension
  std::array<bool, 2> cut_{};  // this Side gets no more bytes of the other one
  std::optional<base::Outcome> first_end_;
  std::uint32_t now_;                 // stamp of the turn
  std::uint32_t active_at_;           // stamp of the peers' last bytes; once we close, of that moment
  std::array<Endpoint, 2> endpoint_;  // owned; by Side
  std::array<Observer, 2> observer_;  // of the bytes that each Side sent
  std::array<std::unique_ptr<FrameGate>, 2> gate_;  // of the bytes that each Side sends; none: all pass
  const Options* options_;                          // borrowed; lives as long as the process

  Admission::Lease admission_;  // owned
  limits::PermitLease permit_;  // owned
  shm::RowLease row_;           // owned
  OriginLease origin_lease_;    // owned
  Listeners listeners_;         // owned
  base::Instant started_;
  base::Instant lives_until_;
  std::uint64_t id_;
  std::uint32_t session_until_;  // seconds of the wall clock; 0: for ever
  std::uint32_t mask_key_ = 0;   // masks our Close frame to the origin
  CloseCodes codes_;             // of our Close frames, while closing
  CloseCodes our_closes_;        // of the Close frames that we have sent
  EndedBy cause_ = EndedBy::nobody;
  EndedBy closer_ = EndedBy::nobody;    // the side that sent a Close frame first
  std::array<std::uint16_t, 2> rtt_{};  // of the last ping to each Side; milliseconds + 1, 0: none

 public:
  Tunnel* previous = nullptr;  // neighbours in the loop's list; borrowed
  Tunnel* next = nullptr;
};

static_assert(base::kAsserts || sizeof(Tunnel) <= 424,
              "promise 2 of the design: an idle tunnel costs less than 512 bytes");

}  // namespace wsflow::tunnel
