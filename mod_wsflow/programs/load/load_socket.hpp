#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/programs/load/client_handshake.hpp"
#include "mod_wsflow/programs/load/link.hpp"
#include "mod_wsflow/programs/load/message_reader.hpp"

namespace wsflow::load {

// What must come back for a message.
enum class Answer : std::uint8_t {
  same,  // the message itself, byte for byte
  any,   // some message
  none   // nothing: messages that come are counted
};

// What all sockets of a run have in common. It outlives them.
struct SocketPlan {
  SocketPlan(HandshakeRequest handshake, std::string payload, bool binary, unsigned copies, Answer answer);

  HandshakeRequest handshake;
  std::string payload;    // of each message
  ws::Opcode type;        // of each message
  std::string batch;      // several frames of it, for one write
  std::size_t frame = 0;  // size of one
  std::string first;      // a frame that is sent behind the handshake; empty: none
  Answer answer;
  bool unasked = false;  // the run sends nothing, so that messages come unasked
};

// Where a socket has failed.
enum class Phase : std::uint8_t { connect, tls, handshake, refused, open, close };
const char* name(Phase phase) noexcept;

class LoadSocket;
// The run, which is told what happens on its sockets. It must not destroy a socket in these calls.
class SocketListener {
 public:
  virtual void on_open(LoadSocket& socket) = 0;
  // The message that was due at `due_us` has its answer.
  virtual void on_answer(LoadSocket& socket, std::int64_t due_us) = 0;
  // A message has come that is no answer.
  virtual void on_message() = 0;
  virtual void on_ping() = 0;
  virtual void on_bytes(std::size_t in, std::size_t out) = 0;

 protected:
  ~SocketListener() = default;
};

// One WebSocket of a client, from its connect to its end. One thread; its owner calls serve() for each event.
class LoadSocket final : MessageListener {
 public:
  enum class Stage : std::uint8_t { connecting, handshake, open, closing, ended };

  LoadSocket(const SocketPlan& plan, SocketListener& listener, Link link, std::uint32_t slot,
             std::uint64_t serial, std::int64_t due_us, const Nonce& nonce);

  // Moves on as far as it can now. False: it has ended, failed() and the others say how. more(): it has more
  // to read, and no event will tell.
  bool serve(std::span<std::uint8_t> scratch);
  bool more() const noexcept { return more_; }

  // Sends `count` messages that were due at `due_us`. What the socket does not take now is sent when it does.
  // Pre: open.
  void send(std::int64_t due_us, unsigned count = 1);
  // Sends a Close frame and waits for the server's. Pre: open.
  void close();
  // Ends here, with this failure in its phase.
  void fail(std::string kind);
  // Ends here, because the run is over: that is no failure.
  void give_up() noexcept { stage_ = Stage::ended; }

  Stage stage() const noexcept { return stage_; }
  Phase phase() const noexcept { return phase_; }
  // Empty: it has ended as its owner wanted.
  const std::string& failed() const noexcept { return failed_; }
  // The code of the server's Close frame, if that came first; 0: it did not.
  std::uint16_t closed_with() const noexcept { return closed_with_; }
  const std::string& close_reason() const noexcept { return close_reason_; }
  // When the messages were due that have no answer; the first came first.
  std::span<const std::int64_t> unanswered() const noexcept { return std::span(pending_).subspan(answered_); }

  int fd() const noexcept { return link_.fd(); }
  std::uint32_t slot() const noexcept { return slot_; }
  std::uint64_t serial() const noexcept { return serial_; }
  std::int64_t due_us() const noexcept { return due_us_; }
  bool in_eager_list = false;       // of the run
  std::uint32_t place_in_open = 0;  // in the run's list of open sockets

 private:
  void on_data(ws::Opcode type, std::uint64_t offset, std::span<const std::uint8_t> bytes,
               bool last) override;
  void on_ping(std::span<const std::uint8_t> payload) override;
  void on_close(std::uint16_t code, std::string_view reason) override;
  bool advance();
  bool flush();
  bool write_some(std::string_view bytes, std::size_t& put);
  bool read_all(std::span<std::uint8_t> scratch);
  bool take(std::span<const std::uint8_t> bytes);
  bool take_head(std::span<const std::uint8_t> bytes);
  bool take_answer(HandshakeAnswer answer, std::span<const std::uint8_t> rest);
  void say_close(std::uint16_t code);
  bool end_of_stream();
  void answer_came();

  const SocketPlan& plan_;    // borrowed
  SocketListener& listener_;  // borrowed
  Link link_;
  std::uint32_t slot_;
  std::uint64_t serial_;
  std::int64_t due_us_;
  Nonce nonce_;
  Stage stage_ = Stage::connecting;
  Phase phase_ = Phase::connect;
  bool more_ = false;
  bool in_message_ = false;  // a message of the batch is being written: nothing may come before its end
  bool close_came_ = false;  // the server's Close frame
  bool close_sent_ = false;
  std::uint16_t closed_with_ = 0;
  std::string failed_;
  std::string close_reason_;
  std::string out_;          // to be sent ahead of messages
  std::string pong_;         // for the newest Ping; it follows when out_ has been sent
  std::size_t owed_ = 0;     // messages that are not yet whole in the socket
  std::size_t written_ = 0;  // bytes of the first of them that are
  std::string head_;         // of the answer, as far as it has come
  MessageReader reader_;
  std::vector<std::int64_t> pending_;  // when messages were due; those before answered_ have their answer
  std::size_t answered_ = 0;
};

}  // namespace wsflow::load
