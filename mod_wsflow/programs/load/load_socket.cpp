#include "mod_wsflow/programs/load/load_socket.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/programs/load/message_text.hpp"
#include "mod_wsflow/ws/close_code.hpp"
#include "mod_wsflow/ws/response_head.hpp"

namespace wsflow::load {

namespace {

// A socket reads at most so much before the others have their turn: a fast server would keep it for ever.
constexpr std::size_t kReadBudget = 1UL << 20U;
constexpr std::size_t kMostHead = 64UL * 1024;
// Frames that go out in one write, at most, and their size.
constexpr unsigned kMostCopies = 64;
constexpr std::size_t kMostBatch = 64UL * 1024;

std::string close_frame(std::uint16_t code) {
  if (!ws::may_appear_on_wire(code)) return client_frame(ws::Opcode::close, {});
  const char bytes[] = {static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
  return client_frame(ws::Opcode::close, {bytes, sizeof bytes});
}

}  // namespace

SocketPlan::SocketPlan(HandshakeRequest request, std::string message, bool binary, unsigned copies,
                       Answer wanted)
    : handshake(std::move(request)),
      payload(std::move(message)),
      type(binary ? ws::Opcode::binary : ws::Opcode::text),
      answer(wanted) {
  const auto one = client_frame(type, payload);
  frame = one.size();
  batch = one;
  for (unsigned i = 1; i < std::min(copies, kMostCopies) && batch.size() + frame <= kMostBatch; ++i)
    batch += one;
}

const char* name(Phase phase) noexcept {
  switch (phase) {
    case Phase::connect: return "connect";
    case Phase::tls: return "tls";
    case Phase::handshake: return "handshake";
    case Phase::refused: return "refused";
    case Phase::open: return "open";
    case Phase::close: return "close";
  }
  return "unknown";
}

LoadSocket::LoadSocket(const SocketPlan& plan, SocketListener& listener, Link link, std::uint32_t slot,
                       std::uint64_t serial, std::int64_t due_us, const Nonce& nonce)
    : plan_(plan),
      listener_(listener),
      link_(std::move(link)),
      slot_(slot),
      serial_(serial),
      due_us_(due_us),
      nonce_(nonce) {}

void LoadSocket::fail(std::string kind) {
  if (stage_ == Stage::ended) return;
  failed_ = std::move(kind);
  stage_ = Stage::ended;
}

bool LoadSocket::serve(std::span<std::uint8_t> scratch) {
  more_ = false;
  if (stage_ == Stage::connecting && !advance()) return stage_ != Stage::ended;
  if (stage_ == Stage::ended) return false;
  return flush() && read_all(scratch) && stage_ != Stage::ended;
}

// True: the link is up.
bool LoadSocket::advance() {
  const auto step = link_.advance();
  // One call may see both the end of the connect and that of TLS.
  if (link_.connected() && step != Link::Step::up) phase_ = Phase::tls;
  if (step == Link::Step::failed) fail(link_.failure());
  if (step != Link::Step::up) return false;
  phase_ = Phase::handshake;
  stage_ = Stage::handshake;
  out_ = plan_.handshake.with_key(key_of(nonce_));
  return true;
}

bool LoadSocket::write_some(std::string_view bytes, std::size_t& put) {
  const auto io = link_.write(bytes, put);
  if (io == os::Io::ok || io == os::Io::again) {
    listener_.on_bytes(0, put);
    return io == os::Io::ok;
  }
  // What the server has said before it went is still to be read: that tells more.
  if (stage_ != Stage::handshake) fail(link_.failure().empty() ? "EPIPE" : link_.failure());
  return false;
}

bool LoadSocket::flush() {
  while (stage_ != Stage::ended) {
    std::size_t put = 0;
    if (!in_message_ && out_.empty()) out_.swap(pong_);
    if (!in_message_ && !out_.empty()) {
      const bool sent = write_some(out_, put);
      out_.erase(0, put);
      if (out_.empty()) out_.shrink_to_fit();
      if (!sent) break;
    } else if (owed_ != 0 && (!close_sent_ || in_message_)) {
      in_message_ = true;
      const auto most = std::min(owed_ * plan_.frame, plan_.batch.size());
      const bool sent = write_some(std::string_view(plan_.batch).substr(written_, most - written_), put);
      written_ += put;
      owed_ -= written_ / plan_.frame;
      written_ %= plan_.frame;
      if (!sent) break;
      in_message_ = written_ != 0;
    } else {
      break;
    }
  }
  return stage_ != Stage::ended;
}

bool LoadSocket::read_all(std::span<std::uint8_t> scratch) {
  for (std::size_t passed = 0; stage_ != Stage::ended;) {
    if (passed >= kReadBudget) {
      more_ = true;
      return true;
    }
    std::size_t got = 0;
    const auto io = link_.read(scratch, got);
    if (io == os::Io::again) return true;
    if (io == os::Io::eof) return end_of_stream();
    if (io == os::Io::failed) {
      // Some servers reset a connection whose end both sides have announced.
      if (stage_ == Stage::closing && close_came_) return end_of_stream();
      fail(link_.failure());
      return false;
    }
    passed += got;
    listener_.on_bytes(got, 0);
    if (!take(scratch.first(got))) return false;
  }
  return false;
}

bool LoadSocket::end_of_stream() {
  if (stage_ == Stage::closing && close_came_) {
    stage_ = Stage::ended;
  } else if (stage_ == Stage::handshake) {
    fail(head_.empty() ? "closed without an answer" : "closed within the answer");
  } else {
    fail("closed without a Close frame");
  }
  return false;
}

bool LoadSocket::take(std::span<const std::uint8_t> bytes) {
  if (stage_ == Stage::handshake) return take_head(bytes);
  if (!reader_.read(bytes, *this) && stage_ != Stage::ended) fail("broken frames");
  return stage_ != Stage::ended;
}

bool LoadSocket::take_head(std::span<const std::uint8_t> bytes) {
  auto searched = head_.size();
  head_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  // Interim answers come before the final one. One read has thousands of them, if the server likes: each is a
  // turn of this loop, and none is copied with what follows it.
  for (std::size_t begin = 0;;) {
    const auto left = std::string_view(head_).substr(begin);
    const auto size = ws::find_head_end(left, searched);
    if (size == std::string_view::npos) {
      head_.erase(0, begin);
      if (head_.size() > kMostHead) fail("no HTTP answer: its head has no end");
      return stage_ != Stage::ended;
    }
    std::string head(left.substr(0, size));
    begin += size;
    searched = 0;
    auto answer = judge_head(head, nonce_, plan_.handshake.protocols());
    const bool interim = answer.status >= 100 && answer.status < 200 && answer.status != 101;
    if (!interim) return take_answer(std::move(answer), bytes.last(head_.size() - begin));
  }
}

// `rest` is what has come behind the answer.
bool LoadSocket::take_answer(HandshakeAnswer answer, std::span<const std::uint8_t> rest) {
  if (!answer.accepted) {
    if (answer.status != 0) phase_ = Phase::refused;
    fail(std::move(answer.reason));
    return false;
  }
  head_ = {};
  stage_ = Stage::open;
  phase_ = Phase::open;
  out_ += plan_.first;
  listener_.on_open(*this);
  return stage_ != Stage::ended && flush() && (rest.empty() || take(rest));
}

void LoadSocket::send(std::int64_t due_us, unsigned count) {
  if (answered_ == pending_.size()) {
    pending_.clear();
    answered_ = 0;
  }
  if (plan_.answer != Answer::none) pending_.insert(pending_.end(), count, due_us);
  owed_ += count;
  flush();
}

void LoadSocket::close() {
  if (stage_ != Stage::open) return;
  stage_ = Stage::closing;
  phase_ = Phase::close;
  say_close(ws::close_code::kNormal);
}

void LoadSocket::say_close(std::uint16_t code) {
  close_sent_ = true;  // flush() sends no message behind it
  out_ += std::exchange(pong_, {}) + close_frame(code);
  flush();
}

void LoadSocket::on_data(ws::Opcode type, std::uint64_t offset, std::span<const std::uint8_t> bytes,
                         bool last) {
  if (plan_.answer == Answer::same) {
    const auto end = offset + bytes.size();
    const bool same = type == plan_.type && end <= plan_.payload.size() &&
                      std::memcmp(bytes.data(), plan_.payload.data() + offset, bytes.size()) == 0;
    if (!same || (last && end != plan_.payload.size())) return fail("a message differs from what was sent");
  }
  if (last) answer_came();
}

void LoadSocket::answer_came() {
  if (plan_.answer == Answer::none || (plan_.unasked && answered_ == pending_.size()))
    return listener_.on_message();
  if (answered_ == pending_.size()) {
    // Of a server that says what it likes, one message is as good as another.
    if (plan_.answer == Answer::any) return listener_.on_message();
    return fail("a message came that answers none");
  }
  const auto due_us = pending_[answered_++];
  // Answers free their places from time to time.
  constexpr std::size_t kMany = 256;
  if (answered_ >= kMany && answered_ * 2 >= pending_.size()) {
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(answered_));
    answered_ = 0;
  }
  listener_.on_answer(*this, due_us);
}

void LoadSocket::on_ping(std::span<const std::uint8_t> payload) {
  listener_.on_ping();
  if (close_sent_) return;
  // A server that pings and reads nothing must not fill the memory: of Pings without an answer, the newest
  // alone may be answered (RFC 6455 5.5.3).
  pong_ = client_frame(ws::Opcode::pong, {reinterpret_cast<const char*>(payload.data()), payload.size()});
  flush();
}

void LoadSocket::on_close(std::uint16_t code, std::string_view reason) {
  close_came_ = true;
  if (close_sent_) return;
  constexpr std::size_t kMost = 60;
  closed_with_ = code;
  close_reason_ = base::printable_utf8(reason.substr(0, kMost));
  stage_ = Stage::closing;
  phase_ = Phase::open;
  say_close(code);
}

}  // namespace wsflow::load
