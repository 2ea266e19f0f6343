#include "mod_wsflow/programs/load/tally.hpp"

#include <algorithm>

#include "mod_wsflow/programs/load/load_options.hpp"

namespace wsflow::load {

namespace {

// Most kinds of failures: their texts are the server's.
constexpr std::size_t kMostKinds = 200;

std::uint64_t positive(std::int64_t us) noexcept {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0));
}

void note(Occurrences& entry, std::int64_t at_us) noexcept {
  if (entry.count++ == 0) entry.first_us = at_us;
  entry.last_us = at_us;
}

}  // namespace

void Recorder::launched(bool again) {
  ++tally_.launched;
  ++tally_.opening;
  ++now_.launched;
  if (again) ++tally_.again;
}

void Recorder::opened(std::int64_t took_us) {
  --tally_.opening;
  ++tally_.completed;
  ++tally_.open;
  tally_.open_most = std::max(tally_.open_most, tally_.open);
  ++now_.completed;
  tally_.handshakes.add(positive(took_us));
  handshakes_.add(positive(took_us));
}

void Recorder::sent(std::int64_t late_us, std::uint64_t messages) {
  tally_.sent += messages;
  now_.sent += messages;
  tally_.lag.add(positive(late_us));
}

void Recorder::answered(std::int64_t took_us) {
  ++tally_.answered;
  ++now_.answered;
  tally_.answers.add(positive(took_us));
  answers_.add(positive(took_us));
}

void Recorder::unanswered(std::int64_t waited_us) {
  ++tally_.unanswered;
  tally_.answers.add(positive(waited_us));
  answers_.add(positive(waited_us));
}

void Recorder::note_failure(Phase phase, const std::string& kind, std::int64_t now_us) {
  ++now_.failures;
  const auto key = std::pair(phase, kind);
  const bool known = tally_.failures.contains(key) || tally_.failures.size() < kMostKinds;
  note(tally_.failures[known ? key : std::pair(phase, std::string("other"))], now_us - start_us_);
}

void Recorder::failed_to_begin(std::string kind, std::int64_t now_us) {
  ++tally_.failed;
  --tally_.opening;
  note_failure(Phase::connect, kind, now_us);
}

void Recorder::ended(const LoadSocket& socket, std::int64_t now_us) {
  const auto phase = socket.phase();
  const bool was_open = phase == Phase::open || phase == Phase::close;
  --(was_open ? tally_.open : tally_.opening);
  for (const auto due_us : socket.unanswered()) unanswered(now_us - due_us);
  if (socket.closed_with() != 0) {
    ++tally_.closed_by_server;
    ++now_.failures;
    auto& entry = tally_.close_codes[socket.closed_with()];
    if (entry.count == 0) entry.text = socket.close_reason();
    note(entry, now_us - start_us_);
    return;
  }
  if (socket.failed().empty()) {
    ++(was_open ? tally_.closed : tally_.given_up);
    return;
  }
  switch (phase) {
    case Phase::refused: ++tally_.refused; break;
    case Phase::connect:
    case Phase::tls:
    case Phase::handshake: ++tally_.failed; break;
    case Phase::open: ++tally_.lost; break;
    case Phase::close: ++tally_.unclosed; break;
  }
  note_failure(phase, socket.failed(), now_us);
}

void Recorder::end_second() {
  now_.open = tally_.open;
  now_.handshake_p50 = handshakes_.quantile(0.5);
  now_.handshake_p99 = handshakes_.quantile(0.99);
  now_.handshake_most = handshakes_.most();
  now_.answer_p50 = answers_.quantile(0.5);
  now_.answer_p99 = answers_.quantile(0.99);
  now_.answer_most = answers_.most();
  seconds_.push_back(now_);
  handshakes_.clear();
  answers_.clear();
  now_ = Second{.second = now_.second + 1};
}

void Recorder::tick(std::int64_t now_us) {
  while (start_us_ + (static_cast<std::int64_t>(now_.second) + 1) * kSecond_us <= now_us) end_second();
}

void Recorder::finish(std::int64_t now_us) {
  tick(now_us);
  if (start_us_ + static_cast<std::int64_t>(now_.second) * kSecond_us < now_us) end_second();
}

void Recorder::restart(std::int64_t now_us) {
  Tally fresh;
  fresh.opening = tally_.opening;
  fresh.open = fresh.open_most = tally_.open;
  tally_ = std::move(fresh);
  seconds_.clear();
  handshakes_.clear();
  answers_.clear();
  now_ = {};
  start_us_ = now_us;
}

}  // namespace wsflow::load
