#include "t/unit/support/tls_pair.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <stdexcept>

namespace wsflow::test {

namespace {

struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct CertificateFree {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

void check(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

Context make_context(const SSL_METHOD* method, int version) {
  Context context(SSL_CTX_new(method));
  check(context != nullptr, "SSL_CTX_new");
  check(SSL_CTX_set_min_proto_version(context.get(), version) == 1, "protocol version");
  check(SSL_CTX_set_max_proto_version(context.get(), version) == 1, "protocol version");
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

// What `write` makes the connection send.
template <typename Write>
Bytes records_of(SSL* ssl, const Write& write) {
  auto* socket = SSL_get_wbio(ssl);
  BIO_up_ref(socket);
  auto* memory = BIO_new(BIO_s_mem());
  BIO_up_ref(memory);
  SSL_set0_wbio(ssl, memory);
  const bool written = write();
  SSL_set0_wbio(ssl, socket);
  Bytes records(BIO_ctrl_pending(memory));
  const int got = BIO_read(memory, records.data(), static_cast<int>(records.size()));
  BIO_free(memory);
  check(written && got == static_cast<int>(records.size()), "records");
  return records;
}

}  // namespace

Bytes sealed(SSL* ssl, std::span<const std::uint8_t> bytes) {
  return records_of(ssl, [&] { return send_some(ssl, bytes) == bytes.size(); });
}

Bytes key_update(SSL* ssl, bool asks) {
  return records_of(ssl, [&] {
    return SSL_key_update(ssl, asks ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
           SSL_do_handshake(ssl) == 1;
  });
}

Bytes session_ticket(SSL* ssl) {
  return records_of(ssl, [&] { return SSL_new_session_ticket(ssl) == 1 && SSL_do_handshake(ssl) == 1; });
}

Context server_context(int version) {
  auto context = make_context(TLS_server_method(), version);
  const std::unique_ptr<EVP_PKEY, KeyFree> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, CertificateFree> certificate(X509_new());
  check(key != nullptr && certificate != nullptr, "key");
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  check(X509_set_pubkey(certificate.get(), key.get()) == 1, "public key");
  check(X509_sign(certificate.get(), key.get(), EVP_sha256()) != 0, "signature");
  check(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1, "certificate");
  check(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1, "private key");
  return context;
}

Context client_context(int version) {
  return make_context(TLS_client_method(), version);
}

TlsConnection tls_pair(Role ours, int version) {
  const auto server = server_context(version);
  const auto client = client_context(version);
  const bool is_server = ours == Role::server;
  TlsConnection tls{socket_pair(), os::SslRef(SSL_new(is_server ? server.get() : client.get())),
                    os::SslRef(SSL_new(is_server ? client.get() : server.get()))};
  SSL_set_fd(tls.ours.get(), tls.sockets.ours.get());
  SSL_set_fd(tls.peer.get(), tls.sockets.peer.get());
  (is_server ? SSL_set_accept_state : SSL_set_connect_state)(tls.ours.get());
  (is_server ? SSL_set_connect_state : SSL_set_accept_state)(tls.peer.get());
  for (int round = 0; round < 10; ++round) {
    const bool ours_done = SSL_do_handshake(tls.ours.get()) == 1;
    const bool peer_done = SSL_do_handshake(tls.peer.get()) == 1;
    ERR_clear_error();
    if (ours_done && peer_done) return tls;
  }
  throw std::runtime_error("the TLS handshake does not end");
}

std::size_t send_some(SSL* ssl, std::span<const std::uint8_t> bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    ERR_clear_error();
    std::size_t put = 0;
    if (SSL_write_ex(ssl, bytes.data() + sent, bytes.size() - sent, &put) != 1) break;
    sent += put;
  }
  return sent;
}

Received receive_some(SSL* ssl) {
  Received received;
  std::uint8_t buffer[16384];
  std::size_t got = 0;
  ERR_clear_error();
  while (SSL_read_ex(ssl, buffer, sizeof buffer, &got) == 1) {
    received.bytes.insert(received.bytes.end(), buffer, buffer + got);
  }
  switch (SSL_get_error(ssl, 0)) {
    case SSL_ERROR_WANT_READ: break;
    case SSL_ERROR_ZERO_RETURN: received.ended = Ended::eof; break;
    default: received.ended = Ended::reset;
  }
  ERR_clear_error();
  return received;
}

}  // namespace wsflow::test
