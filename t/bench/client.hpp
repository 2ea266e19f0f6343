// WebSocket clients on one epoll thread: what the modes of wsload have in common.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "t/bench/net.hpp"
#include "t/bench/peer.hpp"
#include "t/bench/target.hpp"

namespace wsflow::bench {

using Instant = std::chrono::steady_clock::time_point;

struct Client {
  Client(int fd, SslPtr ssl) : peer(fd, std::move(ssl)) {}
  Peer peer;
  bool open = false;
  bool closing = false;
  bool broken = false;
  std::deque<Instant> sent;  // one per message that is on its way
};

/// Opens clients, sends the one payload of the run and checks every echo against it byte for byte.
class Load {
 public:
  Load(const Options& options, const Target& target);
  virtual ~Load() = default;
  virtual int run() = 0;

 protected:
  virtual void on_open(Client&) {}
  /// `count` echoes came with one read.
  virtual void on_messages(Client&, unsigned /*count*/) {}
  /// The connection is over, for whatever reason; it is freed afterwards.
  virtual void on_end(Client&) {}
  /// Something happened on the standard input (only after watch_input()).
  virtual void on_input() {}

  void connect_one();
  /// Opens `count` clients, never more than some 100 handshakes at a time, `rate` a second (0: as fast as it
  /// goes).
  void connect_all(unsigned count, unsigned rate);
  void send_message(Client& client, unsigned copies = 1);
  void send_close(Client& client);
  void turn(int timeout_ms);
  void watch_input();
  /// Says that it is ready, waits for a line, so that the caller can look at its clocks.
  void wait_for_go(unsigned ready);

  std::unordered_map<Client*, std::unique_ptr<Client>> clients_;
  unsigned opening_ = 0;
  unsigned failed_ = 0;
  std::uint64_t messages_ = 0;
  std::vector<float> latencies_us_;

  float latency(double quantile);

 private:
  void serve(Client* client);
  std::size_t head(Client& client, std::string_view in);
  std::size_t frames(Client& client, std::string_view in);

  const Target& target_;
  unsigned sources_;
  unsigned next_source_ = 0;
  unsigned inflight_;
  std::string payload_;
  std::size_t frame_size_ = 0;
  std::string batch_;  // the masked frame, as often as messages may be on their way
  std::string request_;
  std::string scratch_ = std::string(256 * 1024, '\0');
  Epoll epoll_;
};

}  // namespace wsflow::bench
