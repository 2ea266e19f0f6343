// A WebSocket origin on loopback, plain and TLS, in one epoll thread; what it does with frames is its heir's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "t/bench/net.hpp"
#include "t/bench/peer.hpp"

namespace wsflow::bench {

struct Connection {
  Connection(int fd, SslPtr ssl) : peer(fd, std::move(ssl)) {}
  virtual ~Connection() = default;
  Peer peer;
  bool open = false;
  bool eager = false;  // stands in the origin's list
  bool ended = false;  // what was sent is the last; closed once it is out
};

class Origin {
 public:
  virtual ~Origin() = default;
  /// Listens, prints "PORT" or, with --cert and --key, "PORT TLS_PORT", and serves until it is killed.
  [[noreturn]] void serve(const Options& options);

 protected:
  virtual std::unique_ptr<Connection> make_connection(int fd, SslPtr ssl) {
    return std::make_unique<Connection>(fd, std::move(ssl));
  }
  /// Takes frames from `in` and appends the answer to `out`; returns how many bytes it took.
  virtual std::size_t on_bytes(Connection& connection, std::string_view in, std::string& out) = 0;
  /// Everything is sent; called after each event, and in the next turn again as long as it says true (more to
  /// send, and the socket may take it). For origins that send by themselves.
  virtual bool on_room(Connection& /*connection*/) { return false; }

 private:
  struct Listener {
    int fd;
    SSL_CTX* tls;  // null: plain
  };

  void accept_all(const Listener& listener);
  void turn(Connection* connection);
  void go_on();
  std::size_t answer(Connection& connection, std::string_view in);

  Epoll epoll_;
  std::vector<Connection*> eager_;  // have more to send; the kernel says nothing of them
  std::string scratch_ = std::string(256 * 1024, '\0');
  std::string out_;
};

}  // namespace wsflow::bench
