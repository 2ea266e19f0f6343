#pragma once

#include <new>

#include "mod_wsflow/shm/mapping.hpp"

namespace wsflow::test {

inline constexpr std::uint64_t kFingerprint = 0x123456789abcdef0;

// A fresh segment in memory that forked processes share.
class SharedSegment {
 public:
  // Each process may leave one page half used.
  explicit SharedSegment(std::size_t slots = 64, std::size_t rows = 4096)
      : capacity_{.slots = slots, .pages = rows / shm::kPageRows + slots},
        layout_(shm::map_segment(capacity_, kFingerprint)) {
    if (layout_ == nullptr) throw std::bad_alloc();
  }
  ~SharedSegment() { shm::unmap_segment(*layout_, capacity_); }
  SharedSegment(const SharedSegment&) = delete;
  SharedSegment& operator=(const SharedSegment&) = delete;

  shm::Layout& operator*() const { return *layout_; }
  shm::Layout* operator->() const { return layout_; }
  // As whoever made it knows it.
  shm::Capacity capacity() const { return capacity_; }

 private:
  shm::Capacity capacity_;
  shm::Layout* layout_;
};

// An owner that need not exist.
constexpr shm::Owner owner(std::uint32_t pid) {
  return shm::Owner::make(pid, 7);
}

}  // namespace wsflow::test
