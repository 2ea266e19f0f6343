#include "mod_wsflow/os/tls.hpp"

#include <string_view>

#include "mod_wsflow/os/sealed_records.hpp"
#include "mod_wsflow/os/stream.hpp"

namespace wsflow::os {

namespace {

int bio_read(BIO* bio, char* into, int size) noexcept {
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  auto* stream = static_cast<Stream*>(BIO_get_data(bio));
  const auto result =
      stream->receive_for_tls({reinterpret_cast<std::uint8_t*>(into), static_cast<std::size_t>(size)});
  switch (result.status) {
    case Io::ok: return static_cast<int>(result.bytes);
    case Io::again: BIO_set_retry_read(bio); return -1;
    case Io::eof: return 0;
    case Io::failed: return -1;
  }
  return -1;
}

int bio_write(BIO* bio, const char* from, int size) noexcept {
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  auto* stream = static_cast<Stream*>(BIO_get_data(bio));
  const auto result = stream->send_for_tls(
      {reinterpret_cast<const std::uint8_t*>(from), static_cast<std::size_t>(size)}, SealedRecords::of(bio));
  switch (result.status) {
    case Io::ok: return static_cast<int>(result.bytes);
    case Io::again: BIO_set_retry_write(bio); return -1;
    case Io::eof:
    case Io::failed: return -1;
  }
  return -1;
}

long bio_ctrl(BIO* bio, int command, long, void*) noexcept {
  if (command == BIO_CTRL_EOF) return static_cast<Stream*>(BIO_get_data(bio))->raw_eof() ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int bio_create(BIO* bio) noexcept {
  BIO_set_init(bio, 1);
  return 1;
}

int bio_destroy(BIO* bio) noexcept {
  const std::unique_ptr<SealedRecords> freed(bio != nullptr ? SealedRecords::of(bio) : nullptr);
  return 1;
}

// OpenSSL's message callback: reports the beginning of each record and message to the Stream.
void on_message(int sent, int, int type, const void* data, std::size_t size, SSL*, void* arg) noexcept {
  if (sent != 0) return;
  auto& stream = *static_cast<Stream*>(arg);
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  switch (type) {
    case SSL3_RT_HEADER:
      if (size == SSL3_RT_HEADER_LENGTH) stream.note_record(bytes[3] * std::size_t{256} + bytes[4]);
      break;
    case SSL3_RT_INNER_CONTENT_TYPE:
      if (size == 1 && bytes[0] != SSL3_RT_APPLICATION_DATA) stream.note_no_data();
      break;
    case SSL3_RT_HANDSHAKE:
      stream.note_message();
      if (size != 0 && bytes[0] == SSL3_MT_NEWSESSION_TICKET) stream.note_ticket();
      break;
    default: break;
  }
}

}  // namespace

BioMethod make_stream_bio_method() noexcept {
  BioMethod method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wsflow stream"));
  if (method) {
    BIO_meth_set_read(method.get(), bio_read);
    BIO_meth_set_write(method.get(), bio_write);
    BIO_meth_set_ctrl(method.get(), bio_ctrl);
    BIO_meth_set_create(method.get(), bio_create);
    BIO_meth_set_destroy(method.get(), bio_destroy);
  }
  return method;
}

void forget_session(SSL* ssl) noexcept {
  const auto mode = SSL_CTX_get_session_cache_mode(SSL_get_SSL_CTX(ssl));
  if ((mode & SSL_SESS_CACHE_BOTH) != 0 && (mode & SSL_SESS_CACHE_NO_INTERNAL_STORE) == 0) return;
  static constexpr unsigned char kNoId[1] = {};
  if (auto* session = SSL_get_session(ssl)) SSL_SESSION_set1_id(session, kNoId, 0);
}

// OpenSSL before 3.0.14 frees also what is in use (CVE-2024-4741): the bytes of a record that are decrypted
// and not read, and a record of which only the header has come. So both are asked for here.
bool free_buffers(SSL* ssl) noexcept {
  static constexpr std::string_view kBetweenRecords = "RH";
  if (SSL_has_pending(ssl) != 0 || SSL_rstate_string(ssl) != kBetweenRecords) return false;
  return SSL_free_buffers(ssl) == 1;
}

void watch_records(SSL* ssl, Stream& stream) noexcept {
  SSL_set_msg_callback_arg(ssl, &stream);
  SSL_set_msg_callback(ssl, on_message);
}

namespace {

// Frees what only a handshake needs: the ciphers that the client offered, some 300 bytes, and the server's
// name.
void forget_offers(SSL* ssl) noexcept {
  if (auto* ciphers = SSL_get_client_ciphers(ssl)) {
    sk_SSL_CIPHER_zero(ciphers);
    sk_SSL_CIPHER_reserve(ciphers, 0);
  }
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, nullptr);
}

}  // namespace

void adopt(SSL* ssl, bool received_shutdown) noexcept {
  forget_session(ssl);
  SSL_set_quiet_shutdown(ssl, 0);
  SSL_set_shutdown(ssl, received_shutdown ? SSL_RECEIVED_SHUTDOWN : 0);
  SSL_set_app_data(ssl, nullptr);
  // A null callback stands for the context's callback, which expects the application data.
  SSL_set_info_callback(ssl, [](const SSL*, int, int) {});
  SSL_set_msg_callback(ssl, [](int, int, int, const void*, std::size_t, SSL*, void*) {});
  // Treats a FIN without close_notify as an end of stream: it is common, and the Close frame shows whether
  // the tunnel ended well. As an error it would keep OpenSSL from writing the bytes that wait for the peer.
  SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_set_mode(
      ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // Makes OpenSSL return after a record without data: Stream decides how long to read on.
  SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
  SSL_set_read_ahead(ssl, 1);
  free_buffers(ssl);
  forget_offers(ssl);
}

}  // namespace wsflow::os
