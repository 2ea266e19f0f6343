#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/os/socket.hpp"
#include "mod_wsflow/os/splice_pipe.hpp"
#include "mod_wsflow/os/tls.hpp"

namespace wsflow::os {

class SealedRecords;

// A non-blocking byte stream under edge-triggered polling: a socket, plain or with TLS on it. It owns the
// descriptor and its SSL reference. One thread builds it, then one loop thread uses it.
//
// The caller reports each edge (note_readable). The stream tracks whether the socket is drained, and saves
// the system call that would return EAGAIN: a short read means "drained", unless a hang-up is waiting (data
// and FIN often come in one event, and an edge is not repeated).
class Stream {
 public:
  Stream(base::UniqueFd fd, SslRef ssl) noexcept : fd_(std::move(fd)), ssl_(std::move(ssl)) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  int fd() const noexcept { return fd_.get(); }
  bool tls() const noexcept { return ssl_ != nullptr; }

  // Connects the SSL object to this stream, which must stay at its address. False if memory is out.
  bool bind_tls(const BIO_METHOD* method) noexcept;

  void note_readable(bool hang_up) noexcept {
    drained_ = false;
    hang_up_ = hang_up_ || hang_up;
  }

  // Reads plain bytes. After `ok`, even with fewer bytes than asked, more may be there; only `again` means
  // none. With TLS, one read may gather several short records, and `ok` with 0 bytes means that it has
  // processed records without data.
  IoResult read(std::span<std::uint8_t> into) noexcept;
  // The cost of the last read, in records of data; 1 for a plain socket.
  unsigned work() const noexcept { return work_; }
  // True if the last read with TLS took bytes from the socket, even only a part of a record.
  bool heard() const noexcept { return heard_; }
  // May write only a part: `ok` means "write the rest at once", `again` means "wait for a writable edge".
  // After `again` the next call must begin with the same bytes.
  IoResult write(std::span<const std::uint8_t> from) noexcept;
  // True if bytes of this stream can be spliced: it is plain, or the kernel does its TLS (os/ktls).
  bool splices_in() const noexcept;
  bool splices_out() const noexcept;
  // Copies the next bytes without taking them. Other than `ok`: read() tells the reason. Pre: splices_in().
  IoResult peek(std::span<std::uint8_t> into) noexcept;
  // Moves at most `most` bytes to the pipe. Less than `ok`: read() tells the reason, unless the pipe was
  // full. Pre: splices_in().
  IoResult read_into(SplicePipe& pipe, std::size_t most) noexcept;
  // Moves bytes of the pipe to the peer. `again`: wait for a writable edge. Pre: splices_out().
  IoResult write_from(SplicePipe& pipe) noexcept { return pipe.drain(fd_.get()); }
  // Ends our direction: sends close_notify with TLS, then a FIN. The peer may still send.
  void shutdown_write() noexcept;
  // Gives the connection up: its close sends a reset.
  void reset_on_close() noexcept { os::reset_on_close(fd_.get()); }

  // For the BIO only.
  IoResult receive_for_tls(std::span<std::uint8_t> into) noexcept;
  // Sends a record behind those that wait in `ahead`, or adds it to them; nullptr: none wait.
  IoResult send_for_tls(std::span<const std::uint8_t> record, SealedRecords* ahead) noexcept;
  bool raw_eof() const noexcept { return eof_; }
  // For OpenSSL's message callback only: a record of `size` bytes has begun; it carried no data; a handshake
  // message has come; it was a session ticket.
  void note_record(std::size_t size) noexcept;
  void note_no_data() noexcept { record_ = 0; }
  void note_message() noexcept;
  void note_ticket() noexcept { ticket_ = true; }

 private:
  // One read gathers at most this many bytes and this much work.
  static constexpr std::size_t kGathered = 64UL * 1024;
  // Most bytes of a record, and most bytes of records that one write sends together.
  static constexpr std::size_t kRecord = SSL3_RT_MAX_PLAIN_LENGTH;
  static constexpr std::size_t kTogether = 68UL * 1024;
  static constexpr std::uint8_t kMostWork = 64;
  // Work of a handshake message, in records of data: a new key costs more.
  static constexpr unsigned kMessageWork = 16;
  // OpenSSL processes all bytes read ahead in one call. This bounds them: kReadAhead, plus the size of the
  // largest record since one without data, in blocks.
  static constexpr std::size_t kReadAhead = 4096;
  static constexpr std::size_t kBlock = 256;

  IoResult receive_raw(std::span<std::uint8_t> into) noexcept;
  IoResult nothing_now() const noexcept;
  void note_unread(const IoResult& result) noexcept;
  IoResult read_records(std::span<std::uint8_t> into) noexcept;
  IoResult read_record(std::span<std::uint8_t> into) noexcept;
  IoResult send_raw(std::span<const std::uint8_t> from) noexcept;
  IoResult write_record(std::span<const std::uint8_t> from) noexcept;
  IoResult write_together(std::span<const std::uint8_t> from, std::size_t room) noexcept;
  IoResult keep_unsent(BIO* bio, const SealedRecords& records, std::size_t plain) noexcept;
  IoResult write_unsent(std::size_t offered) noexcept;
  IoResult tls_result(int returned) noexcept;
  void forget_ticket() noexcept;

  void add_work(unsigned work) noexcept;

  base::UniqueFd fd_;         // owned
  std::uint8_t error_ = 0;    // errno that the next read reports; 0: none
  std::uint8_t work_ = 1;     // work()
  std::uint8_t record_ = 0;   // blocks of the largest record since one without data
  bool drained_ : 1 = false;  // the socket has no bytes until the next edge
  bool hang_up_ : 1 = false;  // an end of stream is on its way: read until it comes
  bool eof_ : 1 = false;      // the socket's end of stream was read
  bool dry_ : 1 = false;      // OpenSSL has no bytes left
  bool heard_ : 1 = false;    // heard()
  bool ticket_ : 1 = false;   // a session ticket came; its session is to be forgotten
  bool message_ : 1 = false;  // a handshake message came; buffers are to be freed
  bool unsent_ : 1 = false;   // the BIO has records that the last write could not send
  SslRef ssl_;                // owned reference; none: plain
};
static_assert(sizeof(Stream) == 16, "each tunnel has two");

}  // namespace wsflow::os
