#include "mod_wsflow/programs/load/load_run.hpp"

#include <poll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <utility>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/programs/load/message_text.hpp"

namespace wsflow::load {

namespace {

constexpr std::size_t kScratch = 256UL * 1024;
constexpr std::int64_t kNever = INT64_MAX;
constexpr std::uint64_t kSignals = UINT64_MAX;  // token of the poller; those of sockets are their slots
constexpr std::uint64_t kInput = UINT64_MAX - 1;

std::string payload_of(const LoadOptions& options) {
  return options.message.empty() ? make_payload(options.size, options.binary) : options.message;
}

}  // namespace

LoadRun::LoadRun(const LoadOptions& options, const Destination& destination, RunObserver& observer)
    : options_(options),
      destination_(destination),
      observer_(observer),
      plan_(HandshakeRequest(options.url, options.headers, options.protocols), payload_of(options),
            options.binary, std::max(options.in_flight, 1U), options.answer),
      scratch_(kScratch),
      clients_(options.connections),
      recorder_(base::now_us()) {
  if (!options.first.empty()) plan_.first = client_frame(ws::Opcode::text, options.first);
  plan_.unasked = options.every_us == 0 && options.in_flight == 0 && options.lifetime_us != 0;
  poller_.watch_level(signals_.fd(), kSignals);
  ::prctl(PR_SET_TIMERSLACK, 1);  // a pace of microseconds
}

// The phases of a run

void LoadRun::ramp(bool with_messages) {
  ramping_ = true;
  sending_ = with_messages;
  launch_start_us_ = next_message_us_ = base::now_us();
  run("opening", [&] { return settled_ == clients_.size(); });
  ramping_ = false;
}

void LoadRun::hold(std::int64_t for_us) {
  const auto start_us = base::now_us();
  const auto end_us = start_us + for_us;
  if (!sending_) {
    sending_ = true;
    next_message_us_ = start_us;
    const auto count = at_once();
    if (count != 0) {
      for (auto* socket : std::vector(open_)) send(*socket, start_us, count);
    }
  }
  run("holding", [&] { return base::now_us() >= end_us || none_left(); });
  sending_ = false;
}

void LoadRun::wait_for_answers() {
  const auto end_us = base::now_us() + kPatience_us;
  ending_ = true;
  run("waiting for answers", [&] { return !has_unanswered() || base::now_us() >= end_us; });
  ending_ = false;
}

void LoadRun::echo_each() {
  for (std::uint32_t slot = 0; slot < clients_.size() && !stopped_; ++slot) {
    auto* socket = clients_[slot].socket.get();
    if (socket == nullptr || socket->stage() != LoadSocket::Stage::open) continue;
    const auto serial = socket->serial();
    const auto due_us = base::now_us();
    send(*socket, due_us, 1);
    run("echoing", [&] {
      const auto* still = clients_[slot].socket.get();
      const bool done = still == nullptr || still->serial() != serial || still->unanswered().empty();
      return done || base::now_us() >= due_us + kPatience_us;
    });
  }
}

void LoadRun::wait_for(int fd) {
  poller_.watch_level(fd, kInput);
  pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
  run("waiting", [&] { return ::poll(&polled, 1, 0) != 0; });
  poller_.unwatch(fd);
}

void LoadRun::close_all() {
  ending_ = true;
  sending_ = false;
  const auto stopped = std::exchange(stopped_, false);
  for (std::uint32_t slot = 0; slot < clients_.size(); ++slot) {
    auto* socket = clients_[slot].socket.get();
    if (socket == nullptr || socket->stage() == LoadSocket::Stage::closing) continue;
    if (socket->stage() == LoadSocket::Stage::open) {
      close(*socket);
    } else {
      socket->give_up();
      finish(*socket);
    }
  }
  bury();
  run("closing", [&] { return recorder_.tally().open == 0; });
  for (auto& client : clients_) {
    if (client.socket == nullptr) continue;
    client.socket->give_up();
    recorder_.ended(*client.socket, base::now_us());
    client.socket.reset();
  }
  stopped_ = stopped || stopped_;
}

// The loop

template <class Until>
void LoadRun::run(std::string_view doing, const Until& until) {
  doing_ = doing;
  while (!stopped_ && !until()) turn(std::min(next_us(), base::now_us() + kSecond_us / 10));
}

void LoadRun::turn(std::int64_t until_us) {
  wait(until_us);
  const auto now_us = base::now_us();
  const auto seconds = recorder_.seconds().size();
  recorder_.tick(now_us);
  if (recorder_.seconds().size() != seconds) observer_.on_second(recorder_, doing_);
  end_overdue(opening_, now_us, "ETIMEDOUT (--timeout)");
  end_overdue(closing_, now_us, "the server did not end the connection");
  end_lifetimes(now_us);
  bury();
  launch_due(now_us);
  come_back(now_us);
  send_due(now_us);
  bury();
}

std::int64_t LoadRun::next_us() const noexcept {
  auto next = kNever;
  const auto take = [&next](const Line& line) {
    if (!line.empty()) next = std::min(next, line.front().due_us);
  };
  take(opening_);
  take(closing_);
  take(lifetimes_);
  if (!replace_.empty() && !ending_) return 0;
  if (!coming_back_.empty() && !ending_) next = std::min(next, coming_back_.top().due_us);
  if (ramping_ && begun_ < clients_.size()) {
    const auto gap = options_.launch_gap_us();
    if (gap > 0) next = std::min(next, launch_start_us_ + static_cast<std::int64_t>(gap * begun_));
  }
  if (is_paced() && !open_.empty()) next = std::min(next, next_message_us_);
  return next;
}

// Waits for events, and serves them.
void LoadRun::wait(std::int64_t until_us) {
  constexpr std::int64_t kMilli_us = 1000;
  auto left_us = eager_.empty() ? std::max<std::int64_t>(until_us - base::now_us(), 0) : 0;
  if (left_us > 0 && left_us < kMilli_us) {
    pollfd polled{.fd = poller_.fd(), .events = POLLIN, .revents = 0};
    const timespec time{.tv_sec = 0, .tv_nsec = left_us * 1000};
    ::ppoll(&polled, 1, &time, nullptr);
    left_us = 0;
  }
  for (const auto& ready : poller_.wait(static_cast<int>(left_us / kMilli_us))) {
    if (ready.token == kSignals) look_for_signals();
    if (ready.token >= clients_.size()) continue;
    auto* socket = clients_[ready.token].socket.get();
    if (socket != nullptr) serve(*socket);
  }
  go_on_reading();
}

void LoadRun::look_for_signals() {
  while (signals_.take()) stopped_ = true;
}

void LoadRun::go_on_reading() {
  for (auto* socket : std::exchange(eager_, {})) {
    socket->in_eager_list = false;
    serve(*socket);
  }
}

void LoadRun::serve(LoadSocket& socket) {
  const auto before = socket.stage();
  if (before == LoadSocket::Stage::ended) return;  // counted already
  to_send_ = 0;
  const bool alive = socket.serve(scratch_);
  if (alive && to_send_ != 0 && socket.stage() == LoadSocket::Stage::open) {
    send(socket, base::now_us(), std::exchange(to_send_, 0));
    if (socket.stage() == LoadSocket::Stage::ended) return;
  }
  if (alive && socket.more() && !socket.in_eager_list) {
    socket.in_eager_list = true;
    eager_.push_back(&socket);
  }
  if (!alive) return finish(socket);
  if (socket.stage() == LoadSocket::Stage::closing && before != LoadSocket::Stage::closing) {
    // The server has closed, or an answer has ended this socket's life.
    leave_open(socket);
    closing_.push_back({base::now_us() + kPatience_us, socket.slot(), socket.serial()});
  }
}

// Destroys the sockets that have ended: none of their functions is under way.
void LoadRun::bury() {
  for (const auto slot : std::exchange(ended_, {})) {
    auto& socket = clients_[slot].socket;
    if (socket != nullptr && socket->stage() == LoadSocket::Stage::ended) socket.reset();
  }
}

// Counts the end of a socket, once, and says what its client does next.
void LoadRun::finish(LoadSocket& socket) {
  const auto now_us = base::now_us();
  const auto slot = socket.slot();
  settle(slot);
  leave_open(socket);
  if (socket.in_eager_list) std::erase(eager_, &socket);
  socket.in_eager_list = false;
  recorder_.ended(socket, now_us);
  ended_.push_back(slot);
  if (ending_) return;
  const bool orderly = socket.failed().empty() && socket.closed_with() == 0;
  if (!orderly) return try_again(slot, now_us);
  if (options_.lifetime_us >= 0) replace_.push_back(slot);
}

// The client of a socket that has failed opens another one later, if the options say so.
void LoadRun::try_again(std::uint32_t slot, std::int64_t now_us) {
  if (options_.reconnect.kind == Backoff::Kind::never) return;
  const auto random = static_cast<double>(random_.next32()) / 4294967296.0;
  const auto attempt = clients_[slot].attempts++;
  coming_back_.push({now_us + options_.reconnect.delay_us(attempt, random), slot, 0});
}

// Nothing is open, and nothing will be.
bool LoadRun::none_left() {
  const auto& tally = recorder_.tally();
  return tally.open == 0 && tally.opening == 0 && replace_.empty() && coming_back_.empty();
}

void LoadRun::leave_open(LoadSocket& socket) {
  const auto place = socket.place_in_open;
  if (place >= open_.size() || open_[place] != &socket) return;
  open_[place] = open_.back();
  open_[place]->place_in_open = place;
  open_.pop_back();
  pace_for(open_.size() + 1, open_.size());
}

LoadSocket* LoadRun::socket_of(const Timed& timed) noexcept {
  auto* socket = clients_[timed.slot].socket.get();
  return socket != nullptr && socket->serial() == timed.serial ? socket : nullptr;
}

}  // namespace wsflow::load
