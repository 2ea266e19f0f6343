// Many WebSocket clients in one epoll thread: they open, stay, talk now and then, and answer pings.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "t/bench/net.hpp"
#include "t/bench/peer.hpp"

namespace wsflow::scale {

using Clock = std::chrono::steady_clock;
using Micros = std::chrono::microseconds;

/// Counts of times, in steps of an eighth of a power of two of microseconds.
class Times {
 public:
  void add(Micros time);
  /// The counts as JSON: {"bucket":count, ...}. A bucket's upper bound is in run.py.
  std::string json() const;

 private:
  std::array<std::uint64_t, 256> counts_{};
};

struct Settings {
  unsigned port = 0;
  std::string path;
  unsigned source = 1;     // 127.0.0.SOURCE
  unsigned at_once = 64;   // handshakes under way
  unsigned period = 30;    // seconds from one message of a client to its next
  unsigned size = 125;     // bytes of a message
  SSL_CTX* tls = nullptr;  // null: plain
};

class Crowd {
 public:
  explicit Crowd(const Settings& settings) : settings_(settings) {}
  /// Opens clients until `count` are open or have failed. One line of JSON.
  std::string open(std::size_t count);
  /// Every client sends once in each period, for so long. One line of JSON.
  std::string hold(std::chrono::seconds time);
  /// Nobody sends; pings are answered. One line of JSON.
  std::string idle(std::chrono::seconds time);
  /// The same until `fd` can be read.
  void wait_for(int fd);

 private:
  struct Client {
    Client(int fd, bench::SslPtr ssl) : peer(fd, std::move(ssl)) {}
    bench::Peer peer;
    Clock::time_point begun = Clock::now();
    std::size_t index = 0;
    bool asked = false;
    bool open = false;
    bool waits = false;  // for an echo
  };

  void begin();
  void turn(Client& client);
  std::size_t on_bytes(Client& client, std::string_view in);
  std::size_t on_head(Client& client, std::string_view in);
  void on_frame(Client& client, std::uint8_t opcode, std::string_view payload);
  void speak(Client& client);
  void lose(Client& client, std::string_view why);
  template <class Until>
  void run(int timeout_ms, const Until& until);
  std::string report(Clock::time_point begin);

  Settings settings_;
  bench::Epoll epoll_;
  std::string scratch_ = std::string(64 * 1024, '\0');
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::unique_ptr<Client>> gone_;  // freed at the end of a turn
  std::size_t opening_ = 0, open_ = 0;
  std::uint64_t failed_ = 0, lost_ = 0, sent_ = 0, echoed_ = 0, late_ = 0, pings_ = 0;
  std::string first_failure_;
  std::optional<Times> handshakes_ = Times{}, echoes_ = Times{};
};

}  // namespace wsflow::scale
