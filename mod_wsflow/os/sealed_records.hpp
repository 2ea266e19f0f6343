#pragma once

#include <openssl/bio.h>
#include <openssl/ssl3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "mod_wsflow/os/socket.hpp"

namespace wsflow::os {

// TLS records that OpenSSL has sealed for one large write of a Stream, and that go to the socket in one
// system call. They are collected in a buffer of the writing function. If the socket does not take them all,
// the rest is kept in memory of its own, which the BIO owns until it is sent: the keys have moved on, so no
// record can be sealed again. Only the thread that writes touches them.
class SealedRecords {
 public:
  // The largest record of `plain` bytes.
  static constexpr std::size_t sealed_size(std::size_t plain) noexcept {
    return SSL3_RT_HEADER_LENGTH + plain + SSL3_RT_MAX_ENCRYPTED_OVERHEAD;
  }

  // Collects into `buffer`, which is borrowed.
  explicit SealedRecords(std::span<std::uint8_t> buffer) noexcept : bytes_(buffer) {}
  // Keeps what `other` has not sent, for `plain` bytes that the writer will offer again. Without memory it is
  // not valid().
  SealedRecords(const SealedRecords& other, std::size_t plain) noexcept;
  SealedRecords(const SealedRecords&) = delete;
  SealedRecords& operator=(const SealedRecords&) = delete;

  bool valid() const noexcept { return !bytes_.empty(); }
  bool collects() const noexcept { return own_ == nullptr; }
  bool empty() const noexcept { return size_ == sent_; }
  std::size_t room() const noexcept { return bytes_.size() - size_; }

  // Adds a record. False if there is no room.
  bool add(std::span<const std::uint8_t> record) noexcept;
  // Sends until nothing is left (`ok`) or the socket takes no more.
  IoResult send(int fd) noexcept;
  // The writer offers `offered` bytes again, and all records are sent. Returns how many of them that settles.
  std::size_t settle(std::size_t offered) noexcept;
  bool settled() const noexcept { return empty() && plain_ == 0; }

  // The records of a BIO; nullptr: it has none. They are its callback argument, as it has no callback.
  static SealedRecords* of(BIO* bio) noexcept;
  // Gives `bio` these records, or none.
  static void attach(BIO* bio, SealedRecords* records) noexcept;

 private:
  std::unique_ptr<std::uint8_t[]> own_;  // owned; none: collects
  std::span<std::uint8_t> bytes_;        // borrowed, or own_
  std::size_t size_ = 0;                 // bytes of records
  std::size_t sent_ = 0;                 // of them
  std::size_t plain_ = 0;                // see the second constructor
};

// The number of bytes that the send buffer of a socket surely takes now; 0 if the kernel does not say.
std::size_t send_room(int fd) noexcept;

}  // namespace wsflow::os
