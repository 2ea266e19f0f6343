#include "mod_wsflow/programs/load/link.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "mod_wsflow/os/connect.hpp"

namespace wsflow::load {

namespace {

std::string openssl_text() {
  const auto error = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(error);
  std::string text = reason != nullptr ? reason : "unknown error of OpenSSL";
  ERR_clear_error();
  return text;
}

// A socket that takes its port when it connects: each pair of addresses has all ports of its own.
bool bind_to(int fd, const IpAddress& from) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);  // of IPv6, too
  return ::bind(fd, from.get(), from.size) == 0;
}

}  // namespace

std::string errno_name(int error) {
  constexpr std::pair<int, const char*> kNames[] = {{EACCES, "EACCES"},
                                                    {EADDRINUSE, "EADDRINUSE"},
                                                    {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
                                                    {EAGAIN, "EAGAIN"},
                                                    {ECONNABORTED, "ECONNABORTED"},
                                                    {ECONNREFUSED, "ECONNREFUSED"},
                                                    {ECONNRESET, "ECONNRESET"},
                                                    {EHOSTUNREACH, "EHOSTUNREACH"},
                                                    {EINVAL, "EINVAL"},
                                                    {EMFILE, "EMFILE"},
                                                    {ENETDOWN, "ENETDOWN"},
                                                    {ENETUNREACH, "ENETUNREACH"},
                                                    {ENFILE, "ENFILE"},
                                                    {ENOBUFS, "ENOBUFS"},
                                                    {ENOMEM, "ENOMEM"},
                                                    {EPERM, "EPERM"},
                                                    {EPIPE, "EPIPE"},
                                                    {ETIMEDOUT, "ETIMEDOUT"}};
  for (const auto& [number, name] : kNames) {
    if (number == error) return name;
  }
  return "errno " + std::to_string(error);
}

base::Parsed<std::shared_ptr<const TlsClient>> TlsClient::make(const std::string& host, const std::string& ca,
                                                               bool insecure) {
  auto client = std::make_shared<TlsClient>();
  client->context_.reset(SSL_CTX_new(TLS_client_method()));
  client->host_ = host;
  client->insecure_ = insecure;
  in6_addr address;
  client->is_address_ =
      ::inet_pton(AF_INET, host.c_str(), &address) == 1 || ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
  auto* const context = client->context_.get();
  if (context == nullptr) return base::Wrong{"OpenSSL does not start: " + openssl_text()};
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // Each socket is a client of its own: none resumes the session of another.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  constexpr unsigned char kProtocols[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context, kProtocols, sizeof kProtocols - 1);
  if (!insecure) SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!ca.empty() && SSL_CTX_load_verify_locations(context, ca.c_str(), nullptr) != 1)
    return base::Wrong{"--ca: cannot read certificates from " + ca + ": " + openssl_text()};
  if (ca.empty() && SSL_CTX_set_default_verify_paths(context) != 1)
    return base::Wrong{"cannot read the certificates of the system: " + openssl_text()};
  return std::shared_ptr<const TlsClient>(std::move(client));
}

SslPtr TlsClient::connection(int fd) const {
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) return nullptr;
  SSL_set_connect_state(ssl.get());
  // SSL_set_tlsext_host_name() is a macro with a cast of C.
  if (!is_address_) {
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host_.c_str()));
  }
  if (insecure_) return ssl;
  if (is_address_) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host_.c_str());
  } else {
    SSL_set1_host(ssl.get(), host_.c_str());
  }
  return ssl;
}

Link::Link(const IpAddress& to, const IpAddress* from, const TlsClient* tls)
    : fd_(os::stream_socket(to.family())) {
  if (!fd_) {
    fail(errno);
    return;
  }
  const int on = 1;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (from != nullptr && !bind_to(fd_.get(), *from)) {
    fail(errno);
    return;
  }
  if (tls != nullptr) {
    ssl_ = tls->connection(fd_.get());
    if (!ssl_) {
      fail(ENOMEM);
      return;
    }
  }
  const int error = os::begin_connect(fd_.get(), to.get(), to.size);
  if (error != 0 && error != EINPROGRESS) fail(error);
}

Link::Step Link::fail(int error) {
  failure_ = errno_name(error);
  step_ = Step::failed;
  return step_;
}

Link::Step Link::advance() {
  if (step_ == Step::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(error);
    sockaddr_storage peer;
    size = sizeof peer;
    // Without a peer the connect goes on.
    if (::getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &size) != 0) return step_;
    connected_ = true;
    step_ = ssl_ ? Step::securing : Step::up;
  }
  if (step_ != Step::securing) return step_;
  ERR_clear_error();
  const int returned = SSL_do_handshake(ssl_.get());
  if (returned == 1) {
    step_ = Step::up;
    return step_;
  }
  std::size_t bytes = 0;
  const auto io = result(returned, bytes);
  if (io == os::Io::again) return step_;
  if (io == os::Io::eof) failure_ = "closed by the server";
  step_ = Step::failed;
  return step_;
}

os::Io Link::read(std::span<std::uint8_t> into, std::size_t& bytes) {
  if (ssl_) {
    ERR_clear_error();
    return result(SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size())), bytes);
  }
  const auto got = os::receive(fd_.get(), into);
  bytes = got.bytes;
  if (got.status == os::Io::failed) failure_ = errno_name(got.error);
  return got.status;
}

os::Io Link::write(std::string_view from, std::size_t& bytes) {
  if (ssl_) {
    ERR_clear_error();
    return result(SSL_write(ssl_.get(), from.data(), static_cast<int>(from.size())), bytes);
  }
  const auto put = os::send(fd_.get(), {reinterpret_cast<const std::uint8_t*>(from.data()), from.size()});
  bytes = put.bytes;
  if (put.status == os::Io::failed) failure_ = errno_name(put.error);
  return put.status;
}

os::Io Link::result(int returned, std::size_t& bytes) {
  bytes = returned > 0 ? static_cast<std::size_t>(returned) : 0;
  if (returned > 0) return os::Io::ok;
  const int system = errno;
  const int reason = SSL_get_error(ssl_.get(), returned);
  if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) return os::Io::again;
  if (reason == SSL_ERROR_ZERO_RETURN) return os::Io::eof;
  if (reason == SSL_ERROR_SYSCALL && system != 0) {
    failure_ = errno_name(system);
    return os::Io::failed;
  }
  // OpenSSL 3 calls an end of stream without a close_notify an error of the protocol.
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return os::Io::eof;
  failure_ = openssl_text();
  const auto verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) failure_ += ": " + std::string(X509_verify_cert_error_string(verified));
  return os::Io::failed;
}

}  // namespace wsflow::load
