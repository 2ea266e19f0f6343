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
  SSL_set_bio(ssl_.get(), bio, bio);  // frees the BIOs of the former owner
  watch_records(ssl_.get(), *this);
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

// OpenSSL stays in one call while records without data come, and a peer may send nothing else. So it gets no
// more bytes once it has done kMostWork; the caller comes again.
IoResult Stream::receive_for_tls(std::span<std::uint8_t> into) noexcept {
  if (work_ >= kMostWork) return {.status = Io::again};
  const auto result = receive_raw(into.first(std::min(into.size(), kReadAhead + record_ * kBlock)));
  heard_ = heard_ || result.status == Io::ok;
  return result;
}

void Stream::add_work(unsigned work) noexcept {
  work_ = static_cast<std::uint8_t>(std::min<unsigned>(work_ + work, UINT8_MAX));
}

void Stream::note_record(std::size_t size) noexcept {
  add_work(1);
  record_ = std::max(record_, static_cast<std::uint8_t>(std::min<std::size_t>(size / kBlock + 1, UINT8_MAX)));
  forget_ticket();
}

void Stream::note_message() noexcept {
  add_work(kMessageWork);
}

// A ticket brings a new session, which has an id.
void Stream::forget_ticket() noexcept {
  if (ticket_) forget_session(ssl_.get());
  ticket_ = false;
}

IoResult Stream::read(std::span<std::uint8_t> into) noexcept {
  return ssl_ ? read_records(into) : receive_raw(into);
}

IoResult Stream::read_records(std::span<std::uint8_t> into) noexcept {
  work_ = 0;
  heard_ = false;
  if (error_ != 0) return {.status = Io::failed, .error = error_};
  if (dry_ && drained_) return {.status = Io::again};
  dry_ = false;
  const auto enough = std::min(into.size(), kGathered);
  std::size_t got = 0;
  while (got < enough && work_ < kMostWork && !dry_) {
    const auto one = read_record(into.subspan(got));
    if (one.status != Io::ok && got == 0) return one;
    // The next read reports it: the socket repeats an end of stream, but not a reset.
    if (one.status == Io::failed) error_ = static_cast<std::uint8_t>(one.error);
    if (one.status != Io::ok || one.bytes == 0) break;
    got += one.bytes;
    dry_ = drained_ && SSL_has_pending(ssl_.get()) == 0;
  }
  return {.status = Io::ok, .bytes = got};
}

IoResult Stream::read_record(std::span<std::uint8_t> into) noexcept {
  ERR_clear_error();
  errno = 0;
  const int got =
      SSL_read(ssl_.get(), into.data(), static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX)));
  auto result =
      got > 0 ? IoResult{.status = Io::ok, .bytes = static_cast<std::size_t>(got)} : tls_result(got);
  forget_ticket();
  // A flood of new keys: without read-ahead from now on, each of them can be the last of a turn.
  if (work_ == UINT8_MAX) SSL_set_read_ahead(ssl_.get(), 0);
  // OpenSSL also stops after a record without data. Only a drained socket means that no bytes are there.
  if (result.status == Io::again && !drained_ && SSL_want_read(ssl_.get())) result = {.status = Io::ok};
  return result;
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
