#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/programs/load/load_run.hpp"

namespace wsflow::load {

namespace {

// Handshakes under way, where no rate is given.
constexpr std::uint64_t kOpeningAtOnce = 100;
// Handshakes and messages that are begun before events are looked at again.
constexpr unsigned kBurst = 500;

}  // namespace

// What is due

void LoadRun::launch(std::uint32_t slot, std::int64_t due_us, bool again) {
  const auto& from = options_.from;
  const auto* source = from.empty() ? nullptr : &from[next_source_++ % from.size()];
  Link link(destination_.address, source, destination_.tls.get());
  recorder_.launched(again);
  if (!link.valid() || !link.failure().empty()) {
    const auto now_us = base::now_us();
    recorder_.failed_to_begin(link.failure(), now_us);
    settle(slot);
    return try_again(slot, now_us);
  }
  Nonce nonce;
  for (std::size_t at = 0; at < nonce.size(); at += 4) {
    const auto word = random_.next32();
    for (unsigned i = 0; i < 4; ++i) nonce[at + i] = static_cast<std::uint8_t>(word >> (8 * i));
  }
  auto socket = std::make_unique<LoadSocket>(plan_, static_cast<SocketListener&>(*this), std::move(link),
                                             slot, ++serials_, due_us, nonce);
  const bool watched = poller_.watch(socket->fd(), slot);
  opening_.push_back({due_us + options_.timeout_us, slot, socket->serial()});
  clients_[slot].socket = std::move(socket);
  if (watched) return;
  clients_[slot].socket->fail(errno_name(errno));
  finish(*clients_[slot].socket);
}

void LoadRun::launch_due(std::int64_t now_us) {
  if (!ramping_) return;
  const auto gap = options_.launch_gap_us();
  for (unsigned count = 0; begun_ < clients_.size() && count < kBurst; ++count) {
    const auto due_us = gap > 0 ? launch_start_us_ + static_cast<std::int64_t>(gap * begun_) : now_us;
    if (due_us > now_us || (gap <= 0 && recorder_.tally().opening >= kOpeningAtOnce)) return;
    launch(begun_++, due_us, false);
  }
}

void LoadRun::come_back(std::int64_t now_us) {
  if (ending_) return;
  for (const auto slot : std::exchange(replace_, {})) launch(slot, now_us, false);
  for (unsigned count = 0; count < kBurst && !coming_back_.empty() && coming_back_.top().due_us <= now_us;
       ++count) {
    const auto timed = coming_back_.top();
    coming_back_.pop();
    launch(timed.slot, timed.due_us, true);
  }
}

// The open sockets send in turn, so that all of them have sent once in the time of --every. A message that
// comes late, because this program was busy, counts from when it was due.
void LoadRun::send_due(std::int64_t now_us) {
  if (!is_paced()) return;
  if (open_.empty()) {
    next_message_us_ = now_us;
    return;
  }
  for (unsigned count = 0; count < kBurst && next_message_us_ <= now_us && !open_.empty(); ++count) {
    if (next_sender_ >= open_.size()) next_sender_ = 0;
    send(*open_[next_sender_++], next_message_us_, 1);
    const auto gap =
        static_cast<double>(options_.every_us) / static_cast<double>(std::max<std::size_t>(open_.size(), 1));
    gap_left_us_ += gap;
    const auto whole = std::floor(gap_left_us_);
    gap_left_us_ -= whole;
    next_message_us_ += static_cast<std::int64_t>(whole);
  }
}

// With more sockets the next message is due the sooner.
void LoadRun::pace_for(std::size_t before, std::size_t now_open) noexcept {
  const auto now_us = base::now_us();
  const auto left_us = next_message_us_ - now_us;
  if (before == 0 || now_open == 0 || left_us <= 0) return;
  next_message_us_ =
      now_us + static_cast<std::int64_t>(static_cast<double>(left_us) * static_cast<double>(before) /
                                         static_cast<double>(now_open));
}

void LoadRun::end_lifetimes(std::int64_t now_us) {
  while (!lifetimes_.empty() && lifetimes_.front().due_us <= now_us) {
    auto* socket = socket_of(lifetimes_.front());
    lifetimes_.pop_front();
    if (socket != nullptr && socket->stage() == LoadSocket::Stage::open) close(*socket);
  }
}

void LoadRun::end_overdue(Line& line, std::int64_t now_us, const char* kind) {
  while (!line.empty()) {
    auto* socket = socket_of(line.front());
    const bool opening = &line == &opening_;
    const bool done = socket == nullptr || socket->stage() == LoadSocket::Stage::ended ||
                      (opening && socket->stage() >= LoadSocket::Stage::open);
    if (!done && line.front().due_us > now_us) return;
    line.pop_front();
    if (done) continue;
    socket->fail(kind);
    finish(*socket);
  }
}

void LoadRun::send(LoadSocket& socket, std::int64_t due_us, unsigned count) {
  recorder_.sent(base::now_us() - due_us, count);
  socket.send(due_us, count);
  if (socket.stage() == LoadSocket::Stage::ended) finish(socket);
}

void LoadRun::close(LoadSocket& socket) {
  socket.close();
  if (socket.stage() == LoadSocket::Stage::ended) return finish(socket);
  leave_open(socket);
  closing_.push_back({base::now_us() + kPatience_us, socket.slot(), socket.serial()});
}

bool LoadRun::is_paced() const noexcept {
  return sending_ && options_.every_us != 0 && options_.in_flight == 0 && options_.lifetime_us != 0;
}

// Messages that a socket sends as soon as it may.
std::uint32_t LoadRun::at_once() const noexcept {
  return options_.lifetime_us == 0 ? 1 : options_.in_flight;
}

bool LoadRun::has_unanswered() {
  const auto& tally = recorder_.tally();
  return options_.answer != Answer::none && tally.sent > tally.answered + tally.unanswered;
}

void LoadRun::settle(std::uint32_t slot) {
  settled_ += clients_[slot].settled ? 0 : 1;
  clients_[slot].settled = true;
}

// What sockets tell, from within serve()

void LoadRun::on_open(LoadSocket& socket) {
  const auto now_us = base::now_us();
  recorder_.opened(now_us - socket.due_us());
  settle(socket.slot());
  clients_[socket.slot()].attempts = 0;
  socket.place_in_open = static_cast<std::uint32_t>(open_.size());
  open_.push_back(&socket);
  pace_for(open_.size() - 1, open_.size());
  if (options_.lifetime_us > 0)
    lifetimes_.push_back({now_us + options_.lifetime_us, socket.slot(), socket.serial()});
  if (!sending_ || ending_) return;
  const auto count = at_once();
  if (count == 0) return;
  recorder_.sent(0, count);
  socket.send(now_us, count);
}

void LoadRun::on_answer(LoadSocket& socket, std::int64_t due_us) {
  const auto now_us = base::now_us();
  recorder_.answered(now_us - due_us);
  if (socket.stage() != LoadSocket::Stage::open) return;
  if (options_.lifetime_us == 0) return socket.close();
  if (options_.in_flight != 0 && sending_) ++to_send_;  // when all that has come is read, in one write
}

void LoadRun::on_message() {
  ++recorder_.tally().received;
}

void LoadRun::on_ping() {
  ++recorder_.tally().pings;
}

void LoadRun::on_bytes(std::size_t in, std::size_t out) {
  recorder_.tally().bytes_in += in;
  recorder_.tally().bytes_out += out;
}

}  // namespace wsflow::load
