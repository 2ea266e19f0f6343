#include "t/unit/support/socket_faults.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace wsflow::test {

namespace {

std::atomic<int> call_count{0};
std::atomic<int> spoiled_call{0};
std::atomic<Fault> chosen{Fault::none};
std::atomic<int> endless_fd{-1};
constexpr std::size_t kNoQuota = SIZE_MAX;
std::atomic<std::size_t> quota{kNoQuota};

// False: the quota is used up.
bool within_quota(std::size_t& size) {
  auto left = quota.load();
  if (left == kNoQuota) return true;
  do {
    size = std::min(size, left);
  } while (!quota.compare_exchange_weak(left, left - size));
  if (size == 0) errno = EAGAIN;
  return size != 0;
}

Fault next_fault() {
  return call_count.fetch_add(1) == spoiled_call ? chosen.load() : Fault::none;
}

// False: the call fails.
bool apply(Fault fault, std::size_t& size) {
  if (fault == Fault::one_byte) size = std::min<std::size_t>(size, 1);
  if (fault == Fault::reset) errno = ECONNRESET;
  if (fault == Fault::again) errno = EAGAIN;
  return fault == Fault::none || fault == Fault::one_byte;
}

}  // namespace

SocketFaults::SocketFaults(Fault fault, int nth) {
  call_count = 0;
  spoiled_call = nth;
  chosen = fault;
}

SocketFaults::~SocketFaults() {
  chosen = Fault::none;
}

int SocketFaults::calls() const {
  return call_count;
}

bool SocketFaults::happened() const {
  return chosen != Fault::none && call_count > spoiled_call;
}

SendQuota::SendQuota(std::size_t bytes) {
  quota = bytes;
}

SendQuota::~SendQuota() {
  quota = kNoQuota;
}

EndlessPeer::EndlessPeer(int fd) {
  endless_fd = fd;
}

EndlessPeer::~EndlessPeer() {
  endless_fd = -1;
}

}  // namespace wsflow::test

extern "C" {
ssize_t __real_recv(int fd, void* into, std::size_t size, int flags);
ssize_t __real_send(int fd, const void* from, std::size_t size, int flags);

ssize_t __wrap_recv(int fd, void* into, std::size_t size, int flags);
ssize_t __wrap_recv(int fd, void* into, std::size_t size, int flags) {
  if (!wsflow::test::apply(wsflow::test::next_fault(), size)) return -1;
  if (fd == wsflow::test::endless_fd) {
    std::memset(into, 0, size);
    return static_cast<ssize_t>(size);
  }
  return __real_recv(fd, into, size, flags);
}

ssize_t __wrap_send(int fd, const void* from, std::size_t size, int flags);
ssize_t __wrap_send(int fd, const void* from, std::size_t size, int flags) {
  if (!wsflow::test::apply(wsflow::test::next_fault(), size)) return -1;
  if (!wsflow::test::within_quota(size)) return -1;
  return __real_send(fd, from, size, flags);
}
}
