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

// One tunnel: two endpoints, what was seen of the bytes between them, and how it ends. It knows no loop, and
// of the clock what it is told. A worker builds it; from Engine::adopt on it belongs to one loop thread.
class Tunnel : public TimerHook {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Parts {
    base::UniqueFd client_fd;
    os::SslRef client_ssl;  // none: plain
    base::UniqueFd origin_fd;
    os::SslRef origin_ssl;  // none: plain
    Admission::Lease admission;
    limits::PermitLease permit{};               // empty: nothing limits it
    shm::RowLease row{};                        // empty: none
    const Options* options = &kDefaultOptions;  // borrowed, lives as long as the process
    base::Instant lives_until = base::Instant::max();
    std::uint32_t session_until = 0;  // seconds since 1970 by the wall clock; 0: for ever
    bool extensions = true;           // were agreed on, or may have been: reserved bits are theirs
    std::uint64_t id = 0;
    OriginLease origin_lease{};  // empty: the origin is no member of a balancer
    Listeners listeners{};
  };
  Tunnel(Parts parts, base::Instant now);

  // Takes over bytes that were read from `from` before the tunnel began. Before adoption only.
  void preload(Side from, std::span<const std::uint8_t> bytes, metrics::Recorder& recorder);

  // The loop has it from `now` on. Its maker's clock may have been ahead of that, as it was read later.
  void begin(base::Instant now) noexcept;
  // What the next calls go by: the moment, and whether too many bytes wait in the process.
  void begin_turn(base::Instant now, bool crowded) noexcept {
    now_ = stamp(now);
    WSFLOW_ASSERT(thread_.here());
    crowded_ = crowded;
  }
  // Reads from `from` into `buffer` and writes to the other side, until nothing more is there, the other side
  // is full, or `budget` bytes have passed. True if the budget ended it: there may be more.
  // Pre: the buffer is larger than FrameGate::kMaxHead where there is a gate.
  bool relay(Side from, std::span<std::uint8_t> buffer, std::size_t budget, metrics::Recorder& recorder);
  // Writes what waits for `side`; lets the other side be read again below the low watermark.
  void flush(Side side) noexcept;
  // Passes on ends of stream and broken connections, with a Close frame where a side has ended without one.
  // True if the tunnel is over.
  bool settle();
  // An end of `side` is waiting, but it cannot be read to because the other side takes nothing: the tunnel is
  // ending all the same. How it ends is known when the side is read.
  void note_hang_up(Side side) noexcept;
  // Whether bytes have moved, or the tunnel has begun to end, since the last call.
  bool take_progress() noexcept { return std::exchange(progress_, false); }
  // Whether a side can be read again that this turn had read already.
  bool take_again() noexcept { return std::exchange(again_, false); }
  // How many bytes wait to be written to both sides.
  std::uint32_t waiting() const noexcept {
    return static_cast<std::uint32_t>(endpoint_[0].pending.size() + endpoint_[1].pending.size());
  }

  // The next thing to do when its time has come. `wall_ahead`, base::wall_ahead(), matters in a session
  // alone; `absence` is the last one of the loop. Only in a turn.
  Deadline deadline(base::Instant now, base::Millis wall_ahead = {}, const Absence& absence = {}) noexcept;
  // Its deadline depends on the wall clock.
  bool has_session() const noexcept { return session_until_ != 0; }
  // Its deadline may be nearer than it was.
  bool pressed() const noexcept {
    return ending() || nearer_ || waiting() != 0 || endpoint_[0].rate_paused || endpoint_[1].rate_paused;
  }
  // The next turn tries to read both sides, whatever events have told so far: who may be given up is heard
  // first.
  void expect_everything() noexcept;
  // The time has come. True if the tunnel is over.
  bool meet(const Deadline& due, metrics::Recorder& recorder);
  bool ping_waits() const noexcept { return endpoint_[0].ping_waits || endpoint_[1].ping_waits; }
  // Sends pings that wait, if now they can be sent. True if the tunnel has another deadline now.
  bool send_waiting_pings(metrics::Recorder& recorder);
  // Bytes have moved while it ends: the time for that begins again, unless it is we who end it.
  void stay() noexcept {
    if (!closing_) active_at_ = now_;
  }

  // Ends the tunnel with a Close frame of ours to both sides, each as soon as the frame that is on its way
  // there is whole; then our end of stream. What a side sends from then on is dropped. A side that has had
  // its Close frame from the other one already, or whose bytes are no WebSocket, gets the end of stream
  // alone. `mask_key` masks the frame to the origin (RFC 6455 5.3). The first call counts. Whatever the peers
  // do, the tunnel is over when the time of `close` has passed.
  void begin_close(CloseCodes codes, std::uint32_t mask_key, base::Outcome outcome,
                   EndedBy cause = EndedBy::nobody);
  bool closing() const noexcept { return closing_; }
  // Tells its listeners of its start or its end.
  void notify(Event event, base::Instant now) noexcept { listeners_.notify(event, *this, now); }
  // Sends ends of stream now, in the middle of a frame or not.
  void cut_off() noexcept;

  // One side has ended: the tunnel lives on only while bytes move.
  bool ending() const noexcept { return first_end_.has_value() || hang_up_waits_; }
  bool both_closes_seen() const noexcept { return observer_[0].close_seen() && observer_[1].close_seen(); }
  // Pre: ending(), or nobody wants the tunnel any more.
  base::Outcome outcome() const noexcept { return first_end_.value_or(base::Outcome::server_stop); }
  // Whose doing the end is.
  EndedBy cause() const noexcept { return cause_; }
  // Gives the tunnel an outcome if nothing else has ended it before.
  void end_as(base::Outcome outcome, EndedBy cause = EndedBy::nobody) noexcept;
  // Of the last answer to a ping of ours, in milliseconds.
  std::optional<std::uint32_t> rtt(Side side) const noexcept {
    const auto rtt = rtt_[static_cast<std::size_t>(side)];
    return rtt != 0 ? std::optional<std::uint32_t>(rtt - 1) : std::nullopt;
  }
  // The code of the Close frame that we have put in for `side`; 1005: it had none, 0: there was no such
  // frame.
  std::uint16_t our_close(Side side) const noexcept {
    return side == Side::client ? our_closes_.client : our_closes_.origin;
  }

  Endpoint& endpoint(Side side) noexcept { return endpoint_[static_cast<std::size_t>(side)]; }
  const Observer& from(Side side) const noexcept { return observer_[static_cast<std::size_t>(side)]; }
  // The Close code of an operator's command, once; 0: none.
  std::uint16_t take_close_command() noexcept {
    const auto command = row_.take_command();
    return shm::action_of(command) == shm::Command::close ? shm::code_of(command) : std::uint16_t{0};
  }
  // Says in its row what has passed so far.
  void show(base::Instant now) noexcept;
  // The descriptors of both sides, behind those in `to`.
  void add_descriptors(std::vector<int>& to) const {
    for (const auto& endpoint : endpoint_) to.push_back(endpoint.stream.fd());
  }
  base::ThreadOwner& thread() noexcept { return thread_; }
  const Options& options() const noexcept { return *options_; }
  std::uint64_t id() const noexcept { return id_; }
  const void* log_context() const noexcept { return options_->log_context; }
  base::Instant started() const noexcept { return started_; }

  // Owned by the loop.
  std::uint32_t counted_waiting = 0;    // what of waiting() is in the process's sum
  std::uint32_t unshown_place = kNone;  // where it stands among those whose row is behind
  bool scheduled = false;               // waits for another turn
  bool over = false;                    // to be freed at the end of the turn

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
  bool nearer_ = false;        // a ping may be due earlier: a pinged peer spoke, or one is read again
  bool crowded_ = false;       // in this turn
  bool again_ = false;         // take_again()
  const bool extensions_;      // reserved bits may belong to one
  std::array<bool, 2> cut_{};  // nothing more of the other side is passed to this Side
  std::optional<base::Outcome> first_end_;
  std::uint32_t now_;        // stamp of the turn
  std::uint32_t active_at_;  // stamp of the peers' last frame; while it ends, of the last bytes or the order
  std::array<Endpoint, 2> endpoint_;                // owned; by Side
  std::array<Observer, 2> observer_;                // what each Side sent
  std::array<std::unique_ptr<FrameGate>, 2> gate_;  // for what each Side sends; none: everything passes
  const Options* options_;                          // borrowed, lives as long as the process

  Admission::Lease admission_;  // owned
  limits::PermitLease permit_;  // owned
  shm::RowLease row_;           // owned
  OriginLease origin_lease_;    // owned
  Listeners listeners_;         // owned
  base::Instant started_;
  base::Instant lives_until_;
  std::uint64_t id_;
  std::uint32_t session_until_;  // seconds of the wall clock; 0: for ever
  std::uint32_t mask_key_ = 0;   // of our Close frame to the origin
  CloseCodes codes_;             // of our Close frames, if it is closing
  CloseCodes our_closes_;        // those that were sent
  EndedBy cause_ = EndedBy::nobody;
  EndedBy closer_ = EndedBy::nobody;    // who has sent a Close frame first
  std::array<std::uint16_t, 2> rtt_{};  // of the last ping to each Side; milliseconds + 1, 0: none

 public:
  Tunnel* previous = nullptr;  // neighbours in the loop's list; borrowed by it
  Tunnel* next = nullptr;
};

static_assert(base::kAsserts || sizeof(Tunnel) <= 424,
              "promise 2 of the design: an idle tunnel costs less than 512 bytes");

}  // namespace wsflow::tunnel
