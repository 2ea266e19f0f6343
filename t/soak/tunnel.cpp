#include "t/soak/tunnel.hpp"

#include <algorithm>
#include <cstdio>

#include "t/bench/net.hpp"

namespace wsflow::soak {
namespace {

constexpr std::array<std::uint8_t, 4> kMask{0x37, 0xFA, 0x21, 0x3D};
constexpr std::string_view kNormalClose("\x03\xE8", 2);

std::size_t size_of(Work work, const Shape& shape) {
  return work == Work::bulk ? shape.bulk : shape.message;
}

std::string close_name(std::string_view payload) {
  if (payload.size() < 2) return "close";
  return "close " + std::to_string(bench::byte_at(payload, 0) << 8 | bench::byte_at(payload, 1));
}

}  // namespace

void Group::saw_gap(Clock::duration gap, Instant now) {
  if (gap <= longest) return;
  longest = gap;
  longest_at = now;
}

Tunnel::Tunnel(std::uint32_t id, Group& group, const Shape& shape, int fd)
    : group_(group),
      shape_(shape),
      id_(id),
      peer_(fd, group.target.new_ssl()),
      check_(std::uint64_t{id} << 32),
      next_number_(std::uint64_t{id} << 32) {
  send(group.target.request());
}

bool Tunnel::turn(std::string& scratch) {
  bool alive = peer_.flush();
  alive = alive && peer_.receive(scratch, [this](std::string_view in) {
    if (!end_.empty()) return in.size();
    return opened_ ? stream_.feed(in, [this](const Piece& piece) { take(piece); }) : head(in);
  });
  if (!alive && end_.empty()) end_ = "end";
  return end_.empty();
}

std::size_t Tunnel::head(std::string_view in) {
  const std::size_t end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const std::string_view text = in.substr(0, end + 2);
  if (!bench::Target::accepted(text)) {
    end_ = "refused " +
           std::string(text.substr(0, text.find('\r')).substr(std::min<std::size_t>(9, text.size()), 3));
    return in.size();
  }
  opened_ = true;
  last_seen_ = Clock::now();
  return end + 4 + stream_.feed(in.substr(end + 4), [this](const Piece& piece) { take(piece); });
}

void Tunnel::take(const Piece& piece) {
  if (!end_.empty()) return;
  const std::uint8_t opcode = piece.frame.opcode();
  if (opcode == bench::kPing) {
    pong_ = piece.bytes;
    pong_due_ = true;
    send_pong();
  } else if (opcode == bench::kClose) {
    if (!close_sent_ && !inside_frame()) send_control(bench::kClose, piece.bytes);
    end_ = close_sent_ && piece.bytes == kNormalClose ? "closed" : close_name(piece.bytes);
  } else if (opcode != bench::kPong) {
    take_message(piece);
  }
}

void Tunnel::take_message(const Piece& piece) {
  const Instant now = Clock::now();
  const bool as_sent = waiting_ && !piece.frame.masked && piece.frame.first == (0x80 | bench::kBinary) &&
                       piece.frame.payload == size_of(group_.work, shape_) &&
                       check_.piece(piece.offset, piece.bytes);
  if (!as_sent) {
    std::fprintf(stderr, "client: other bytes in tunnel %u of %s, message %llu, frame of %zu bytes at %zu\n",
                 id_, group_.name.c_str(), static_cast<unsigned long long>(check_.number() & 0xFFFFFFFF),
                 piece.frame.payload, piece.offset);
    end_ = "damaged";
    return;
  }
  if (group_.work == Work::bulk || (group_.work == Work::echo && piece.last())) {
    group_.saw_gap(now - last_seen_, now);
    group_.late += now - last_seen_ > group_.limit ? 1 : 0;
    last_seen_ = now;
  }
  if (!piece.last()) return;
  check_.finish();
  ++group_.messages;
  waiting_ = false;
  sent_ = 0;
}

Instant Tunnel::tick() {
  if (group_.work == Work::bulk) {
    if (!closing_ || waiting_) send_step();
    if (closing_ && !waiting_ && !close_sent_) close();
    return Clock::now() + shape_.between;
  }
  overdue_ = waiting_;
  if (waiting_ || closing_) return Instant::max();
  send_message();
  return Clock::now() + next_pause();
}

// Not the same for all, so that what one stall has brought into step falls out of it.
Clock::duration Tunnel::next_pause() const {
  const auto share = static_cast<long>(pattern_word(next_number_, 1) % 256);
  return shape_.period * (768 + share) / 1024;
}

void Tunnel::probe() {
  if (!closing_ && !waiting_) send_message();
}

void Tunnel::close() {
  closing_ = true;
  if (group_.work == Work::bulk && waiting_) return;  // not in the middle of its frame
  close_sent_ = true;
  send_control(bench::kClose, kNormalClose);
}

void Tunnel::look_at_gap(Instant now) {
  const bool counts = group_.work == Work::bulk ? waiting_ : group_.work == Work::echo;
  if (opened_ && counts && !closing_) group_.saw_gap(now - last_seen_, now);
}

void Tunnel::send_message() {
  std::string payload;
  append_pattern(payload, next_number_++, 0, shape_.message);
  out_.clear();
  bench::append_frame(out_, bench::kBinary, payload, true);
  waiting_ = true;
  send(out_);
}

void Tunnel::send_step() {
  if (!peer_.all_sent() || (waiting_ && sent_ == shape_.bulk)) return;
  out_.clear();
  if (!waiting_) {
    bench::append_header(out_, 0x80 | bench::kBinary, shape_.bulk, true);
    out_.append(reinterpret_cast<const char*>(kMask.data()), kMask.size());
    ++next_number_;
    waiting_ = true;
    last_seen_ = Clock::now();
  }
  const std::size_t count = std::min(shape_.step, shape_.bulk - sent_);
  std::string payload;
  append_pattern(payload, next_number_ - 1, sent_, count);
  bench::append_xored(out_, payload, FrameStream::turned(kMask, sent_));
  sent_ += count;
  send(out_);
  send_pong();
}

void Tunnel::send_pong() {
  if (!pong_due_ || inside_frame()) return;
  send_control(bench::kPong, pong_);
  pong_due_ = false;
}

void Tunnel::send_control(std::uint8_t opcode, std::string_view payload) {
  std::string frame;
  bench::append_frame(frame, opcode, payload, true);
  send(frame);
}

void Tunnel::send(std::string_view bytes) {
  if (!peer_.send(bytes) && end_.empty()) end_ = "end";
}

}  // namespace wsflow::soak
