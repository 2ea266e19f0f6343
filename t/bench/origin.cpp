#include "t/bench/origin.hpp"

#include "t/bench/frames.hpp"

namespace wsflow::bench {

void Origin::serve(const Options& options) {
  unsigned port = 0;
  unsigned tls_port = 0;
  // The lowest bit of the pointer tells a listener from a connection.
  const auto watch = [this](Listener& listener) {
    epoll_.add(listener.fd, reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(&listener) | 1),
               EPOLLIN);
  };
  Listener plain{listen_anywhere(port), nullptr};
  watch(plain);

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
    watch(tls);
    std::printf("%u %u\n", port, tls_port);
  } else {
    std::printf("%u\n", port);
  }
  std::fflush(stdout);

  while (true) {
    epoll_.wait(eager_.empty() ? -1 : 0, [this](void* owner, std::uint32_t) {
      const auto word = reinterpret_cast<std::uintptr_t>(owner);
      if ((word & 1) != 0) {
        accept_all(*reinterpret_cast<Listener*>(word - 1));
      } else {
        turn(static_cast<Connection*>(owner));
      }
    });
    go_on();
  }
}

void Origin::accept_all(const Listener& listener) {
  while (true) {
    const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    no_delay(fd);
    SslPtr ssl(listener.tls != nullptr ? SSL_new(listener.tls) : nullptr);
    if (ssl) SSL_set_accept_state(ssl.get());
    epoll_.add(fd, make_connection(fd, std::move(ssl)).release());
  }
}

void Origin::turn(Connection* connection) {
  bool alive = connection->peer.flush() && connection->peer.receive(scratch_, [&](std::string_view in) {
    out_.clear();
    const std::size_t used = connection->open ? on_bytes(*connection, in, out_) : answer(*connection, in);
    connection->ended |= !connection->peer.send(out_);
    return used;
  });
  if (alive && !connection->ended && !connection->eager && connection->peer.all_sent() &&
      on_room(*connection)) {
    connection->eager = true;
    eager_.push_back(connection);
  }
  if (connection->ended && connection->peer.all_sent()) alive = false;
  if (alive) return;
  if (connection->eager) std::erase(eager_, connection);
  delete connection;
}

void Origin::go_on() {
  for (std::size_t i = 0; i < eager_.size();) {
    Connection& connection = *eager_[i];
    connection.eager = connection.peer.all_sent() && on_room(connection);
    if (connection.eager) {
      ++i;
    } else {
      eager_.erase(eager_.begin() + static_cast<std::ptrdiff_t>(i));
      if (connection.ended) delete &connection;
    }
  }
}

std::size_t Origin::answer(Connection& connection, std::string_view in) {
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
  return end + 4 + on_bytes(connection, in.substr(end + 4), out_);
}

}  // namespace wsflow::bench
