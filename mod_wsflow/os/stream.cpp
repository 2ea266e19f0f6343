#include "mod_wsflow/os/stream.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>
#include <new>

#include "mod_wsflow/os/sealed_records.hpp"

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
  if (drained_) return nothing_now();
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

IoResult Stream::send_for_tls(std::span<const std::uint8_t> record, SealedRecords* ahead) noexcept {
  if (ahead != nullptr && ahead->collects()) {
    return ahead->add(record) ? IoResult{.status = Io::ok, .bytes = record.size()}
                              : IoResult{.status = Io::again};
  }
  if (ahead != nullptr) {
    if (const auto sent = ahead->send(fd_.get()); sent.status != Io::ok) return sent;
  }
  return send_raw(record);
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
  message_ = true;
}

// A ticket brings a new session, which has an id.
void Stream::forget_ticket() noexcept {
  if (ticket_) forget_session(ssl_.get());
  ticket_ = false;
}

IoResult Stream::read(std::span<std::uint8_t> into) noexcept {
  if (!ssl_) return receive_raw(into);
  const auto result = read_records(into);
  // A message takes a buffer for an answer, and OpenSSL frees it only behind the next write.
  if (message_) message_ = !free_buffers(ssl_.get());
  return result;
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
  if (unsent_) return write_unsent(from.size());
  if (from.size() > kRecord) {
    // What the socket does not take at once would have to be kept.
    const auto room = std::min(send_room(fd_.get()), kTogether);
    if (room >= 2 * SealedRecords::sealed_size(kRecord)) return write_together(from, room);
  }
  return write_record(from);
}

IoResult Stream::write_together(std::span<const std::uint8_t> from, std::size_t room) noexcept {
  std::uint8_t buffer[kTogether];
  SealedRecords records({buffer, room});
  auto* bio = SSL_get_wbio(ssl_.get());
  SealedRecords::attach(bio, &records);
  IoResult last{.status = Io::ok};
  std::size_t taken = 0;
  const auto fits = [&] {
    return records.room() >= SealedRecords::sealed_size(std::min(from.size() - taken, kRecord));
  };
  while (last.status == Io::ok && taken < from.size() && fits()) {
    last = write_record(from.subspan(taken));
    taken += last.bytes;
  }
  SealedRecords::attach(bio, nullptr);
  const auto sent = records.send(fd_.get());
  if (sent.status == Io::again) return keep_unsent(bio, records, taken);
  if (sent.status != Io::ok) return sent;
  // A failure behind the records is told by the next write.
  return taken != 0 || last.status == Io::failed
             ? IoResult{taken != 0 ? Io::ok : last.status, last.error, taken}
             : write_record(from);
}

IoResult Stream::keep_unsent(BIO* bio, const SealedRecords& records, std::size_t plain) noexcept {
  std::unique_ptr<SealedRecords> kept(new (std::nothrow) SealedRecords(records, plain));
  if (!kept || !kept->valid()) return {.status = Io::failed, .error = ENOMEM};
  SealedRecords::attach(bio, kept.release());  // the BIO frees it
  unsent_ = true;
  return {.status = Io::again};
}

IoResult Stream::write_unsent(std::size_t offered) noexcept {
  auto* bio = SSL_get_wbio(ssl_.get());
  auto& records = *SealedRecords::of(bio);
  const auto sent = records.send(fd_.get());
  if (sent.status != Io::ok) return sent;
  const auto taken = records.settle(offered);
  if (records.settled()) {
    SealedRecords::attach(bio, nullptr);
    const std::unique_ptr<SealedRecords> freed(&records);
    unsent_ = false;
  }
  return {.status = Io::ok, .bytes = taken};
}

IoResult Stream::write_record(std::span<const std::uint8_t> from) noexcept {
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
