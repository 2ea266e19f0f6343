// One tunnel as its client holds it: what it says, what must come back, and how it ends.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "t/bench/peer.hpp"
#include "t/bench/target.hpp"
#include "t/soak/frame_stream.hpp"
#include "t/soak/pattern.hpp"

namespace wsflow::soak {

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;

/// idle: only what probe() sends; echo: always one message or the pause before it; bulk: one long message
/// after the other, each a single frame, in small steps.
enum class Work { idle, echo, bulk };

/// Tunnels of one kind, and what was seen of them.
struct Group {
  Group(std::string its_name, const std::string& url, Work its_work)
      : name(std::move(its_name)), target(url), work(its_work) {}

  void saw_gap(Clock::duration gap, Instant now);
  void forget_gaps() {
    longest = {};
    late = 0;
  }

  std::string name;
  bench::Target target;
  Work work;
  unsigned open = 0;
  unsigned long long messages = 0;  // that came back as they were sent
  std::map<std::string, unsigned> ends;
  Clock::duration longest{};  // between two echoes of one tunnel; of bulk, between two pieces
  Instant longest_at{};
  unsigned late = 0;  // gaps above `limit`
  Clock::duration limit{};
};

struct Shape {
  std::size_t message;      // bytes of one of idle and echo
  std::size_t bulk;         // ... of bulk
  std::size_t step;         // bytes of bulk at a time
  Clock::duration period;   // of echo: from one message to the next
  Clock::duration between;  // of bulk: from one step to the next
};

class Tunnel {
 public:
  Tunnel(std::uint32_t id, Group& group, const Shape& shape, int fd);

  /// Reads and writes what can be. False: it is over, end() says how.
  bool turn(std::string& scratch);
  /// Does what is due; the instant of the next time, or max() if it waits for an echo.
  Instant tick();
  /// Sends one message through an idle tunnel.
  void probe();
  /// Ends it in order, bulk after its message.
  void close();

  Group& group() const { return group_; }
  bool opened() const { return opened_; }
  bool waits() const { return waiting_; }
  bool closing() const { return closing_; }
  /// An echo came after its successor was due: tick() is wanted now.
  bool overdue() const { return overdue_ && !waiting_; }
  const std::string& end() const { return end_; }
  std::size_t bulk_sent() const { return sent_; }
  /// Sees the gap that has not ended yet.
  void look_at_gap(Instant now);

 private:
  std::size_t head(std::string_view in);
  void take(const Piece& piece);
  void take_message(const Piece& piece);
  void send_message();
  void send_step();
  void send_pong();
  void send_control(std::uint8_t opcode, std::string_view payload);
  void send(std::string_view bytes);
  Clock::duration next_pause() const;
  /// What is sent now would be part of the payload.
  bool inside_frame() const { return group_.work == Work::bulk && sent_ > 0 && sent_ < shape_.bulk; }

  Group& group_;
  const Shape& shape_;
  std::uint32_t id_;
  bench::Peer peer_;
  FrameStream stream_;
  MessageCheck check_;
  std::string end_;
  std::string out_;
  std::string pong_;      // what the last ping said
  std::size_t sent_ = 0;  // bytes of the payload under way
  std::uint64_t next_number_;
  Instant last_seen_{};  // the last echo, or piece of one
  bool opened_ = false;
  bool pong_due_ = false;
  bool waiting_ = false;  // a message is on its way
  bool overdue_ = false;
  bool closing_ = false;
  bool close_sent_ = false;
};

}  // namespace wsflow::soak
