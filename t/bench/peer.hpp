// One non-blocking connection of a load tool, plain or TLS.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace wsflow::bench {

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslPtr = std::unique_ptr<SSL, FreeSsl>;
using SslContextPtr = std::unique_ptr<SSL_CTX, FreeSsl>;

inline void relaxed_writes(SSL_CTX* context) {
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
}

/// Owns the descriptor and the TLS state; keeps what could not be written and what is not yet a whole frame.
class Peer {
 public:
  Peer(int fd, SslPtr ssl) : fd_(fd), ssl_(std::move(ssl)) {
    if (ssl_) SSL_set_fd(ssl_.get(), fd_);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { close(fd_); }

  /// Writes now what the socket takes and keeps the rest. False: the connection is broken.
  bool send(std::string_view bytes) {
    if (!out_.empty()) {
      out_.append(bytes);
      return true;
    }
    const long put = write_some(bytes);
    if (put < 0) return false;
    out_.assign(bytes.substr(static_cast<std::size_t>(put)));
    return true;
  }

  bool flush() {
    if (out_.empty()) return true;
    const long put = write_some(std::string_view(out_).substr(out_sent_));
    if (put < 0) return false;
    out_sent_ += static_cast<std::size_t>(put);
    if (out_sent_ < out_.size()) return true;
    out_.clear();
    out_.shrink_to_fit();
    out_sent_ = 0;
    return true;
  }

  /// Writes what the socket takes now and keeps nothing: how many bytes that were, or -1: broken. Only while
  /// all_sent().
  long put(std::string_view bytes) { return write_some(bytes); }

  /// Reads until the socket has no more. `consume(view)` says how many bytes it took; the rest is offered
  /// again with what follows. False: end of stream, or broken.
  template <class Consume>
  bool receive(std::string& scratch, Consume&& consume) {
    while (true) {
      const long got = read_some(scratch.data(), scratch.size());
      if (got < 0) return false;
      if (got == 0) return true;
      const std::string_view fresh(scratch.data(), static_cast<std::size_t>(got));
      if (in_.empty()) {
        in_.assign(fresh.substr(consume(fresh)));
      } else {
        in_.append(fresh);
        in_.erase(0, consume(std::string_view(in_)));
        if (in_.empty()) in_.shrink_to_fit();
      }
    }
  }

  void finish_sending() const { shutdown(fd_, SHUT_WR); }
  bool all_sent() const { return out_.empty(); }

 private:
  // Bytes moved, 0 for "not now", -1 for the end.
  long read_some(char* to, std::size_t size) {
    if (ssl_) {
      ERR_clear_error();  // another connection's error would be taken for this one's
      return tls_result(SSL_read(ssl_.get(), to, static_cast<int>(size)));
    }
    const ssize_t got = recv(fd_, to, size, 0);
    if (got > 0) return got;
    return got < 0 && errno == EAGAIN ? 0 : -1;
  }

  long write_some(std::string_view bytes) {
    std::size_t put = 0;
    while (put < bytes.size()) {
      const std::string_view rest = bytes.substr(put);
      long sent;
      if (ssl_) {
        ERR_clear_error();
        sent = tls_result(SSL_write(ssl_.get(), rest.data(), static_cast<int>(rest.size())));
      } else {
        sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == ENOTCONN)) sent = 0;
      }
      if (sent < 0) return -1;
      if (sent == 0) break;
      put += static_cast<std::size_t>(sent);
    }
    return static_cast<long>(put);
  }

  long tls_result(int result) const {
    if (result > 0) return result;
    const int reason = SSL_get_error(ssl_.get(), result);
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? 0 : -1;
  }

  int fd_;
  SslPtr ssl_;
  std::string in_;
  std::string out_;           // what the socket did not take
  std::size_t out_sent_ = 0;  // bytes of it that it has taken since
};

}  // namespace wsflow::bench
