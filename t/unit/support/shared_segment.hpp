#pragma once

#include <new>

#include "mod_wsflow/shm/mapping.hpp"

namespace wsflow::test {

// A fresh segment in memory that forked processes share.
class SharedSegment {
 public:
  explicit SharedSegment(std::size_t slots = 64, std::size_t rows = 4096) : layout_(shm::map_segment()) {
    if (layout_ == nullptr) throw std::bad_alloc();
    shm::grow(*layout_, slots, rows);
  }
  ~SharedSegment() { shm::unmap_segment(*layout_); }
  SharedSegment(const SharedSegment&) = delete;
  SharedSegment& operator=(const SharedSegment&) = delete;

  shm::Layout& operator*() const { return *layout_; }
  shm::Layout* operator->() const { return layout_; }

 private:
  shm::Layout* layout_;
};

// An owner that need not exist.
constexpr shm::Owner owner(std::uint32_t pid) {
  return shm::Owner::make(pid, 7);
}

}  // namespace wsflow::test
