#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "mod_wsflow/base/parsed.hpp"
#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/os/socket.hpp"
#include "mod_wsflow/programs/load/ip_address.hpp"

namespace wsflow::load {

struct SslDelete {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using SslPtr = std::unique_ptr<SSL, SslDelete>;

// What all TLS connections of a run have in common.
class TlsClient {
 public:
  // `host` is the name that certificates must have, and that the server is told. `ca` is a file of
  // certificates to trust, empty: those of the system.
  static base::Parsed<std::shared_ptr<const TlsClient>> make(const std::string& host, const std::string& ca,
                                                             bool insecure);
  SslPtr connection(int fd) const;

 private:
  std::unique_ptr<SSL_CTX, SslDelete> context_;
  std::string host_;
  bool is_address_ = false;
  bool insecure_ = false;
};

// A non-blocking connection, plain or with TLS on it. Watched by edges: its owner reads until `again`.
class Link {
 public:
  enum class Step : std::uint8_t { connecting, securing, up, failed };

  // Begins to connect; `from`: nullptr for any address of this machine. `tls`: nullptr for a plain one.
  Link(const IpAddress& to, const IpAddress* from, const TlsClient* tls);
  // No socket: failure() says why.
  bool valid() const noexcept { return static_cast<bool>(fd_); }
  int fd() const noexcept { return fd_.get(); }

  // Goes on with the connect and the handshake of TLS.
  Step advance();
  // The connect has succeeded: what failed behind it is TLS.
  bool connected() const noexcept { return connected_; }
  // Of the step that failed, or of a read or write: "ECONNREFUSED", "certificate verify failed: ...".
  const std::string& failure() const noexcept { return failure_; }

  // Pre: the link is up. The result of a failed one is told by failure().
  os::Io read(std::span<std::uint8_t> into, std::size_t& bytes);
  // After `again` the next write begins with the same bytes, and with as many at least.
  os::Io write(std::string_view from, std::size_t& bytes);

 private:
  os::Io result(int returned, std::size_t& bytes);
  Step fail(int error);

  Step step_ = Step::connecting;
  bool connected_ = false;
  base::UniqueFd fd_;
  SslPtr ssl_;
  std::string failure_;
};

// "ECONNRESET" for ECONNRESET.
std::string errno_name(int error);

}  // namespace wsflow::load
