#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
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
#include "mod_wsflow/tunnel/pipe_pool.hpp"
#include "mod_wsflow/tunnel/side.hpp"
#include "mod_wsflow/tunnel/slot_pool.hpp"
#include "mod_wsflow/tunnel/timer_wheel.hpp"

namespace wsflow::tunnel {

// One tunnel: two endpoints, the observers of the bytes between them, and the state of its end. It knows no
// loop, and its callers give it the time. A worker builds it; from Engine::adopt on one loop thread owns it.
class alignas(SlotPool::kAlignment) Tunnel : public TimerHook {
 public:
  struct Parts {
    base::UniqueFd client_fd;
    os::SslRef client_ssl;  // none: plain
    base::UniqueFd origin_fd;
    os::SslRef origin_ssl;  // none: plain
    Admission::Lease admission;
    limits::PermitLease permit{};               // empty: no limit applies
    shm::RowLease row{};                        // empty: no row
    const Options* options = &kDefaultOptions;  // borrowed; lives as long as the process; lenders_of() in it
    base::Instant lives_until = base::Instant::max();
    std::uint32_t session_until = 0;  // seconds since 1970 by the wall clock; 0: for ever
    bool extensions = true;           // the ends agreed on extensions, which own reserved bits, or may have
    std::uint64_t id = 0;
    OriginLease origin_lease{};  // empty: the origin is no member of a balancer
    Listeners listeners{};
    bool pooled = false;  // of make()
  };
  Tunnel(Parts parts, base::Instant now);
  ~Tunnel();
  // A tunnel in a slot of `pool`, which outlives it.
  static std::unique_ptr<Tunnel> make(SlotPool& pool, Parts parts, base::Instant now);
  // A tunnel on the heap: of a process without an engine, or on its worker.
  static std::unique_ptr<Tunnel> make(Parts parts, base::Instant now);
  static void operator delete(Tunnel* tunnel, std::destroying_delete_t) noexcept;
  // Those whom the tunnel will give back to. They must stand in its options.
  static Lenders lenders_of(const Parts& parts) noexcept;

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
  // With `pipes` the payloads of large frames are spliced. Pre: the buffer is larger than FrameGate::kMaxHead
  // if there is a gate.
  bool relay(Side from, std::span<std::uint8_t> buffer, std::size_t budget, metrics::Recorder& recorder,
             PipePool* pipes = nullptr);
  // Writes the bytes that wait for `side`, and resumes reading the other side at the low watermark.
  void flush(Side side) noexcept;
  // Passes on ends of stream and broken connections. A side that ended without a Close frame is told to the
  // other one by a Close frame of ours. True if the tunnel is over.
  bool settle();
  // True once, when a tunnel has lost its origin without a Close frame and its client does not know yet: the
  // caller decides how long that stays so. Behind relay() and meet(), ahead of settle().
  bool loses_origin() noexcept;
  // The client is told of the lost origin after `delay`, but for what has been read of it already.
  void tell_later(base::Millis delay);
  // A number that stands for the origin among those of this server; 0: it has none.
  std::uint32_t origin_label() const noexcept {
    return row_ != shm::RowLease::kNone ? options_->lenders.rows->label(row_) : 0;
  }
  // The kernel reports an end of `side`. If `side` is paused, as the other side takes nothing, the tunnel is
  // ending from now on; its outcome is known when `side` has been read to the end.
  void note_hang_up(Side side) noexcept;
  // True if bytes have moved, or the tunnel has begun to end, since the last call.
  bool take_progress() noexcept {
    const bool progress = progress_;
    progress_ = false;
    return progress;
  }
  // True if a side that this turn has read already can be read again.
  bool take_again() noexcept {
    const bool again = again_;
    again_ = false;
    return again;
  }
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
  // or a stream that is no WebSocket, gets only the end of stream. `mask_key` masks a frame to the origin
  // that can be sent at once (RFC 6455 5.3). Only the first call counts. Whatever the peers do, the tunnel is
  // over after the time of `close`.
  void begin_close(CloseCodes codes, std::uint32_t mask_key, base::Outcome outcome,
                   EndedBy cause = EndedBy::nobody);
  // The same, with the codes of an end that is nobody's doing.
  void begin_close(std::uint32_t mask_key, base::Outcome outcome) {
    begin_close(close_codes(outcome, EndedBy::nobody, options_->client_codes), mask_key, outcome);
  }
  bool closing() const noexcept { return closing_; }
  // Tells the listeners of the tunnel's start or end.
  void notify(Event event, base::Instant now) noexcept {
    if (rare_) rare_->listeners.notify(event, *this, now);
  }
  // Sends ends of stream to both sides at once, even in the middle of a frame.
  void cut_off() noexcept;

  // The tunnel is ending: it lives on only while bytes move.
  bool ending() const noexcept { return ended_ || hang_up_waits_; }
  bool both_closes_seen() const noexcept { return observer_[0].close_seen() && observer_[1].close_seen(); }
  // False: settle() has nothing to do.
  bool unsettled() const noexcept {
    return ending() || closing_ || observer_[0].close_seen() || observer_[1].close_seen();
  }
  // `server_stop` until something else has ended the tunnel.
  base::Outcome outcome() const noexcept { return first_end_; }
  // The party that ended the tunnel.
  EndedBy cause() const noexcept { return cause_; }
  // Sets the outcome, unless the tunnel already has one.
  void end_as(base::Outcome outcome, EndedBy cause = EndedBy::nobody) noexcept;
  // The round trip of the last answered ping, in milliseconds.
  std::optional<std::uint32_t> rtt(Side side) const noexcept {
    const auto rtt = endpoint_[static_cast<std::size_t>(side)].rtt;
    return rtt != 0 ? std::optional<std::uint32_t>(rtt - 1) : std::nullopt;
  }
  // The code of the Close frame that we sent to `side`; 1005: a frame without a code, 0: no frame.
  std::uint16_t our_close(Side side) const noexcept {
    if (!endpoint_[static_cast<std::size_t>(side)].told) return 0;
    return side == Side::client ? codes_.client : codes_.origin;
  }

  Endpoint& endpoint(Side side) noexcept { return endpoint_[static_cast<std::size_t>(side)]; }
  const Observer& from(Side side) const noexcept { return observer_[static_cast<std::size_t>(side)]; }
  // Takes the Close code of an operator's command; 0: no command.
  std::uint16_t take_close_command() noexcept {
    const auto command = row_ != shm::RowLease::kNone ? options_->lenders.rows->take_command(row_) : 0;
    return shm::action_of(command) == shm::Command::close ? shm::code_of(command) : std::uint16_t{0};
  }
  // Writes the counts so far into the tunnel's row.
  void show(base::Instant now) noexcept;
  // Tells the kernel for how long it may wait for the peers (os::set_peer_timeout). It counts from a peer's
  // last answer, so it may come late; a short tunnel never needs it.
  void guard() noexcept {
    for (auto& endpoint : endpoint_) os::set_peer_timeout(endpoint.stream.fd(), options_->stall);
    guarded = true;
  }
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
  std::uint32_t counted_waiting = 0;  // the part of the process's sum that stands for waiting()
  bool scheduled : 1 = false;         // waits for another turn
  bool over : 1 = false;              // freed at the end of the turn
  bool unshown : 1 = false;           // had a turn since its row was written
  bool guarded : 1 = false;           // guard() was called

 private:
  bool held() noexcept;
  void give_permit_back() noexcept;
  void note_closer() noexcept;
  void note_end(Side side, bool broken) noexcept;
  void note_write_failure(Side side) noexcept;
  void pass_on(Side to, std::span<const std::uint8_t> bytes);
  void pass_on_to_boundary(Side to, std::span<const std::uint8_t> bytes, metrics::Recorder& recorder);
  std::size_t let_through(Side from, std::span<std::uint8_t> bytes, metrics::Recorder& recorder);
  bool may_splice(Side from) noexcept;
  std::size_t splice(Side from, std::span<std::uint8_t> buffer, metrics::Recorder& recorder, PipePool& pipes);
  std::size_t look_ahead(Side from, std::span<std::uint8_t>& head, const SpliceSizes& sizes) noexcept;
  void write_piece(Side to, PipePool::Lease lease);
  void note_sizes(Side from, std::size_t bytes, std::uint64_t frames, std::size_t large) noexcept;
  void note_sign_of_life(Side from) noexcept;
  void order_close(CloseCodes codes, base::Outcome outcome, EndedBy cause) noexcept;
  void refuse(Side from, base::Outcome why) noexcept;
  void give_up(Side side, base::Outcome why) noexcept;
  void close_at_boundary(Side to, std::optional<std::uint32_t> mask_key = {});
  std::uint16_t code_for(Side to) const noexcept;
  std::string_view reason_for(Side to) const noexcept;
  bool can_ping(Side side) const noexcept;
  void ping(Side side, metrics::Recorder& recorder);
  bool takes_bytes(Side side, const os::Delivery& delivery) noexcept;
  bool may_still_answer(Side side) noexcept;
  bool still_delivering(Side side) noexcept;
  bool ended_by_peers() const noexcept;
  bool ended_by_policy() const noexcept;
  std::uint32_t high_watermark() const noexcept;
  // What few tunnels have; made for the first of it, freed with the last.
  struct Rare {
    std::array<std::unique_ptr<FrameGate>, 2> gates;  // of the bytes that each Side sends; none: all pass
    Listeners listeners;
    std::uint32_t lost_at = 0;     // stamp; while held_
    std::uint32_t tell_after = 0;  // milliseconds; while held_
  };
  FrameGate* gate(Side from) const noexcept {
    return rare_ ? rare_->gates[static_cast<std::size_t>(from)].get() : nullptr;
  }
  FrameGate& add_gate(Side from);
  void drop_gate(Side from) noexcept;
  Observer& observer(Side side) noexcept { return observer_[static_cast<std::size_t>(side)]; }

  // The fields that a turn touches stand in front, with the loop's fields, in as few lines of the cache as
  // can be; what has to do with the tunnel's end or its rows stands behind.
  bool closing_ : 1 = false;        // begin_close() was called, or a gate has stopped a frame
  bool hang_up_waits_ : 1 = false;  // a paused side has ended
  bool progress_ : 1 = false;
  bool nearer_ : 1 = false;   // a ping may be due earlier: a pinged peer spoke, or a paused one is read again
  bool crowded_ : 1 = false;  // too many bytes wait in the process; of this turn
  bool again_ : 1 = false;    // take_again()
  bool ended_ : 1 = false;    // first_end_ is set
  bool weighed_ : 1 = false;  // loses_origin() was true
  bool held_ : 1 = false;     // tell_later() was called, and the time has not come
  const bool extensions_ : 1;  // reserved bits may belong to an extension
  const bool pooled_ : 1;      // of make()
  bool admitted_ : 1;          // it owns a lease of its lenders' admission
  bool loads_ : 1;             // it owns a lease of its lenders' load
  EndedBy cause_ : 2 = EndedBy::nobody;
  EndedBy closer_ : 2 = EndedBy::nobody;  // the side that sent a Close frame first
  base::Outcome first_end_ = base::Outcome::server_stop;
  // The thread that may use the tunnel: its maker, then the one that called begin(), then the one that runs
  // the loop.
  [[no_unique_address]] base::ThreadOwner thread_;
  std::uint32_t now_;                 // stamp of the turn
  std::uint32_t active_at_;           // stamp of the peers' last bytes; once we close, of that moment
  std::unique_ptr<Rare> rare_;        // owned
  std::array<Endpoint, 2> endpoint_;  // owned; by Side
  std::array<Observer, 2> observer_;  // of the bytes that each Side sent

  const Options* options_;  // borrowed; lives as long as the process
  base::Instant started_;
  base::Instant lives_until_;
  std::uint64_t id_;
  limits::PermitRef permit_;     // owned, of its lenders' limiter; or none
  std::uint32_t row_;            // owned, of its lenders' rows; or shm::RowLease::kNone
  std::uint32_t session_until_;  // seconds of the wall clock; 0: for ever
  CloseCodes codes_;  // of the Close frames that we have sent (Endpoint::told) or, closing, will send
};

static_assert(base::kAsserts || sizeof(Tunnel) == 4 * SlotPool::kAlignment,
              "promise 2 of the design: an idle tunnel costs less than 400 bytes");

}  // namespace wsflow::tunnel
