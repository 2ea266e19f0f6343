#include "mod_wsflow/os/stream.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace wsflow::os {

bool Stream::bind_tls(const BIO_METHOD* method) noexcept {
  if (!ssl_) return true;
  BIO* bio = BIO_new(method);
  if (bio == nullptr) return false;
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);  // frees the former owner's
  return true;
}

IoResult Stream::receive_raw(std::span<std::uint8_t> into) noexcept {
  if (drained_) return {.status = Io::again};
  const auto result = receive(fd_.get(), into);
  switch (result.status) {
    case Io::ok: drained_ = result.bytes < into.size() && !hang_up_; break;
    case Io::again: drained_ = true; break;
    case Io::eof: eof_ = true; break;
    case Io::failed: break;
  }
  return result;
}

IoResult Stream::send_raw(std::span<const std::uint8_t> from) noexcept {
  return send(fd_.get(), from);
}

IoResult Stream::read(std::span<std::uint8_t> into) noexcept {
  if (!ssl_) return receive_raw(into);
  ERR_clear_error();
  errno = 0;
  const int got =
      SSL_read(ssl_.get(), into.data(), static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX)));
  if (got > 0) return {.status = Io::ok, .bytes = static_cast<std::size_t>(got)};
  return tls_result(got);
}

IoResult Stream::write(std::span<const std::uint8_t> from) noexcept {
  if (!ssl_) return send_raw(from);
  ERR_clear_error();
  errno = 0;
  const int put =
      SSL_write(ssl_.get(), from.data(), static_cast<int>(std::min<std::size_t>(from.size(), INT_MAX)));
  if (put > 0) return {.status = Io::ok, .bytes = static_cast<std::size_t>(put)};
  return tls_result(put);
}

IoResult Stream::tls_result(int returned) noexcept {
  const int error = errno;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return {.status = Io::again};
    case SSL_ERROR_ZERO_RETURN: return {.status = Io::eof};
    default: break;
  }
  ERR_clear_error();
  return {.status = Io::failed, .error = error != 0 ? error : EPROTO};
}

void Stream::shutdown_write() noexcept {
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  os::shutdown_write(fd_.get());
}

}  // namespace wsflow::os
