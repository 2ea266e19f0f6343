#include "mod_wsflow/os/random.hpp"

#include <sys/mman.h>
#include <sys/random.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace wsflow::os {

namespace {

// The kernel returns up to 256 bytes whole once its pool is ready. Only a signal makes another try necessary.
constexpr std::size_t kWhole = 256;

void fill(void* bytes, std::size_t size) noexcept {
  while (::getrandom(bytes, size, 0) != static_cast<ssize_t>(size)) {
    if (errno != EINTR) std::abort();
  }
}

}  // namespace

std::uint64_t random64() noexcept {
  std::uint64_t value = 0;
  fill(&value, sizeof value);
  return value;
}

std::uint32_t random32() noexcept {
  return static_cast<std::uint32_t>(random64());
}

// All zero, as the kernel leaves it in a forked process: nobody is at it, and nothing is in it.
struct RandomPool::Page {
  std::atomic<bool> taken{false};  // a thread is at it
  std::uint32_t left = 0;          // by the thread that is at it
  std::array<std::uint64_t, kWhole / sizeof(std::uint64_t)> numbers{};
};

RandomPool::RandomPool() noexcept : page_(nullptr) {
  void* memory = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  if (::madvise(memory, sizeof(Page), MADV_WIPEONFORK) != 0) {
    ::munmap(memory, sizeof(Page));
    return;
  }
  page_ = ::new (memory) Page;
}

RandomPool::~RandomPool() {
  if (page_ != nullptr) ::munmap(page_, sizeof(Page));
}

// A thread that finds another one at the pool does not wait.
std::uint64_t RandomPool::next64() noexcept {
  if (page_ == nullptr || page_->taken.exchange(true, std::memory_order_acquire)) return random64();
  if (page_->left == 0) {
    fill(page_->numbers.data(), kWhole);
    page_->left = static_cast<std::uint32_t>(page_->numbers.size());
  }
  const auto number = std::exchange(page_->numbers[--page_->left], 0);
  page_->taken.store(false, std::memory_order_release);
  return number;
}

}  // namespace wsflow::os
