#include "mod_wsflow/os/sealed_records.hpp"

#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <new>

namespace wsflow::os {

SealedRecords::SealedRecords(const SealedRecords& other, std::size_t plain) noexcept
    : own_(new (std::nothrow) std::uint8_t[other.size_ - other.sent_]), plain_(plain) {
  if (!own_) return;
  const auto rest = other.bytes_.first(other.size_).subspan(other.sent_);
  bytes_ = {own_.get(), rest.size()};
  std::copy(rest.begin(), rest.end(), bytes_.begin());
  size_ = rest.size();
}

bool SealedRecords::add(std::span<const std::uint8_t> record) noexcept {
  if (record.size() > room()) return false;
  std::copy(record.begin(), record.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += record.size();
  return true;
}

IoResult SealedRecords::send(int fd) noexcept {
  while (sent_ < size_) {
    const auto result = os::send(fd, bytes_.first(size_).subspan(sent_));
    if (result.status != Io::ok) return result;
    sent_ += result.bytes;
  }
  return {.status = Io::ok};
}

std::size_t SealedRecords::settle(std::size_t offered) noexcept {
  const auto settled = std::min(plain_, offered);
  plain_ -= settled;
  return settled;
}

SealedRecords* SealedRecords::of(BIO* bio) noexcept {
  return reinterpret_cast<SealedRecords*>(BIO_get_callback_arg(bio));
}

void SealedRecords::attach(BIO* bio, SealedRecords* records) noexcept {
  BIO_set_callback_arg(bio, reinterpret_cast<char*>(records));
}

std::size_t send_room(int fd) noexcept {
  std::uint32_t memory[SK_MEMINFO_VARS] = {};
  socklen_t size = sizeof memory;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &size) != 0) return 0;
  const auto most = memory[SK_MEMINFO_SNDBUF];
  // TCP counts what it has queued, a local socket what it has handed over.
  const auto queued = std::max(memory[SK_MEMINFO_WMEM_QUEUED], memory[SK_MEMINFO_WMEM_ALLOC]);
  return most > queued ? most - queued : 0;
}

}  // namespace wsflow::os
