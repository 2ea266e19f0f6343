// A minimal WebSocket echo origin on loopback, plain and TLS, in one epoll thread.
//   wsorigin [--cert FILE --key FILE]     prints "PORT" or "PORT TLS_PORT", serves until it is killed
#include "t/bench/frames.hpp"
#include "t/bench/net.hpp"
#include "t/bench/peer.hpp"

namespace wsflow::bench {
namespace {

struct Listener {
  int fd;
  SSL_CTX* tls;  // null: plain
};

struct Connection {
  explicit Connection(int fd, SslPtr ssl) : peer(fd, std::move(ssl)) {}
  Peer peer;
  bool open = false;
  bool ended = false;
};

class Origin {
 public:
  void listen_on(Listener& listener) { epoll_.add(listener.fd, tag(&listener), EPOLLIN); }

  void serve() {
    while (true) {
      epoll_.wait(-1, [this](void* owner, std::uint32_t) {
        const auto word = reinterpret_cast<std::uintptr_t>(owner);
        if ((word & 1) != 0) {
          accept_all(*reinterpret_cast<Listener*>(word - 1));
        } else {
          turn(static_cast<Connection*>(owner));
        }
      });
    }
  }

 private:
  // The lowest bit of the pointer tells a listener from a connection.
  static void* tag(Listener* listener) {
    return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(listener) | 1);
  }

  void accept_all(const Listener& listener) {
    while (true) {
      const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      no_delay(fd);
      SslPtr ssl(listener.tls != nullptr ? SSL_new(listener.tls) : nullptr);
      if (ssl) SSL_set_accept_state(ssl.get());
      epoll_.add(fd, new Connection(fd, std::move(ssl)));
    }
  }

  void turn(Connection* connection) {
    bool alive = connection->peer.flush() && connection->peer.receive(scratch_, [&](std::string_view in) {
      out_.clear();
      const std::size_t used = connection->open ? echo(*connection, in) : answer(*connection, in);
      connection->ended |= !connection->peer.send(out_);
      return used;
    });
    if (connection->ended && connection->peer.all_sent()) alive = false;
    if (!alive) delete connection;
  }

  std::size_t answer(Connection& connection, std::string_view in) {
    const std::size_t end = in.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    const std::string_view key = field(in.substr(0, end + 2), "sec-websocket-key");
    if (key.empty()) {
      out_ = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      connection.ended = true;
      return in.size();
    }
    out_ =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_of(key) + "\r\n\r\n";
    connection.open = true;
    return end + 4 + echo(connection, in.substr(end + 4));
  }

  std::size_t echo(Connection& connection, std::string_view in) {
    std::size_t used = 0;
    Frame frame;
    while (!connection.ended && whole_frame(in.substr(used), frame)) {
      const std::string_view payload = in.substr(used + frame.header, frame.payload);
      used += frame.size();
      if (frame.opcode() == kPong) continue;
      const bool ping = frame.opcode() == kPing;
      append_header(out_, ping ? 0x80 | kPong : frame.first, frame.payload, false);
      append_xored(out_, payload, frame.mask);
      connection.ended = frame.opcode() == kClose;
    }
    return used;
  }

  Epoll epoll_;
  std::string scratch_ = std::string(256 * 1024, '\0');
  std::string out_;
};

int run(const Options& options) {
  use_all_descriptors();
  Origin origin;
  unsigned port = 0;
  unsigned tls_port = 0;
  Listener plain{listen_anywhere(port), nullptr};
  origin.listen_on(plain);

  SslContextPtr context;
  Listener tls{-1, nullptr};
  const std::string cert = options.text("cert");
  if (!cert.empty()) {
    context.reset(SSL_CTX_new(TLS_server_method()));
    relaxed_writes(context.get());
    if (SSL_CTX_use_certificate_chain_file(context.get(), cert.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context.get(), options.text("key").c_str(), SSL_FILETYPE_PEM) != 1) {
      die("cannot use the certificate or its key");
    }
    tls = {listen_anywhere(tls_port), context.get()};
    origin.listen_on(tls);
    std::printf("%u %u\n", port, tls_port);
  } else {
    std::printf("%u\n", port);
  }
  std::fflush(stdout);
  origin.serve();
  return 0;
}

}  // namespace
}  // namespace wsflow::bench

int main(int argc, char** argv) {
  return wsflow::bench::run(wsflow::bench::Options(argc, argv, 1));
}
