#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <string_view>
#include <vector>

#include "mod_wsflow/os/poller.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/os/stop_signals.hpp"
#include "mod_wsflow/programs/load/load_options.hpp"
#include "mod_wsflow/programs/load/load_socket.hpp"
#include "mod_wsflow/programs/load/tally.hpp"

namespace wsflow::load {

// For answers that are still to come in the end, and for the server's Close frame.
inline constexpr std::int64_t kPatience_us = 5 * kSecond_us;

// Where all sockets of a run connect.
struct Destination {
  IpAddress address;
  std::shared_ptr<const TlsClient> tls;  // nullptr: plain
};

// Who looks on: told each second.
class RunObserver {
 public:
  virtual void on_second(const Recorder& recorder, std::string_view doing) = 0;

 protected:
  ~RunObserver() = default;
};

// The sockets of a run, and what is done with them, in one thread. Between the calls nothing moves.
// load_pace.cpp has what is due at its time.
class LoadRun final : SocketListener {
 public:
  LoadRun(const LoadOptions& options, const Destination& destination, RunObserver& observer);
  LoadRun(const LoadRun&) = delete;
  LoadRun& operator=(const LoadRun&) = delete;

  // Each returns at once when a signal has said to stop.

  // Opens all sockets, at the pace of the options. True: messages are sent meanwhile.
  void ramp(bool with_messages);
  // Sends messages for this time.
  void hold(std::int64_t for_us);
  // Waits for answers that are still to come, for some seconds at most.
  void wait_for_answers();
  // One message through each open socket, one after the other.
  void echo_each();
  // Nobody sends, until `fd` can be read.
  void wait_for(int fd);
  // Closes all sockets, waits for the server's answers, and counts those without.
  void close_all();

  bool stopped() const noexcept { return stopped_; }
  Recorder& recorder() noexcept { return recorder_; }

 private:
  // A client: it has a socket, or waits until it opens one.
  struct Client {
    std::unique_ptr<LoadSocket> socket;
    unsigned attempts = 0;  // since it was last open
    bool settled = false;   // its first handshake has ended
  };
  struct Timed {
    std::int64_t due_us;
    std::uint32_t slot;
    std::uint64_t serial;  // of the socket that is meant; 0: there is none
    bool operator>(const Timed& other) const noexcept { return due_us > other.due_us; }
  };
  // Sockets whose time has the same length: the first is due first.
  using Line = std::deque<Timed>;

  void on_open(LoadSocket& socket) override;
  void on_answer(LoadSocket& socket, std::int64_t due_us) override;
  void on_message() override;
  void on_ping() override;
  void on_bytes(std::size_t in, std::size_t out) override;

  template <class Until>
  void run(std::string_view doing, const Until& until);
  void turn(std::int64_t until_us);
  void wait(std::int64_t until_us);
  void serve(LoadSocket& socket);
  void go_on_reading();
  void launch(std::uint32_t slot, std::int64_t due_us, bool again);
  void launch_due(std::int64_t now_us);
  void send_due(std::int64_t now_us);
  void end_lifetimes(std::int64_t now_us);
  void end_overdue(Line& line, std::int64_t now_us, const char* kind);
  void come_back(std::int64_t now_us);
  void send(LoadSocket& socket, std::int64_t due_us, unsigned count);
  void close(LoadSocket& socket);
  void finish(LoadSocket& socket);
  void bury();
  void try_again(std::uint32_t slot, std::int64_t now_us);
  bool none_left();
  void leave_open(LoadSocket& socket);
  void pace_for(std::size_t before, std::size_t now_open) noexcept;
  LoadSocket* socket_of(const Timed& timed) noexcept;
  bool is_paced() const noexcept;
  std::uint32_t at_once() const noexcept;
  bool has_unanswered();
  void settle(std::uint32_t slot);
  void look_for_signals();
  std::int64_t next_us() const noexcept;

  const LoadOptions& options_;      // borrowed
  const Destination& destination_;  // borrowed
  RunObserver& observer_;           // borrowed
  SocketPlan plan_;
  os::StopSignals signals_;
  os::Poller poller_;
  os::RandomPool random_;
  std::vector<std::uint8_t> scratch_;
  std::vector<Client> clients_;
  std::vector<LoadSocket*> open_;       // those that may send
  std::vector<LoadSocket*> eager_;      // those that have more to read
  std::vector<std::uint32_t> ended_;    // slots whose socket is to be destroyed
  std::vector<std::uint32_t> replace_;  // slots that open the next socket at once
  Line opening_, lifetimes_, closing_;
  std::priority_queue<Timed, std::vector<Timed>, std::greater<>> coming_back_;
  Recorder recorder_;
  std::uint64_t serials_ = 0;
  std::size_t next_source_ = 0;
  std::uint32_t begun_ = 0;  // clients that have opened a first socket
  std::uint32_t settled_ = 0;
  std::int64_t launch_start_us_ = 0;
  std::int64_t next_message_us_ = 0;
  double gap_left_us_ = 0;       // what is less than a microsecond of the pace
  unsigned to_send_ = 0;         // of the socket that is served, in a closed loop
  std::size_t next_sender_ = 0;  // in open_
  std::string_view doing_;
  bool ramping_ = false;
  bool sending_ = false;
  bool ending_ = false;  // no socket is opened any more
  bool stopped_ = false;
};

}  // namespace wsflow::load
