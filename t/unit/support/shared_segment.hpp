#pragma once

#include <sys/mman.h>

#include <memory>
#include <new>

#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::test {

// A fresh segment in memory that forked processes share.
class SharedSegment {
 public:
  SharedSegment()
      : memory_(
            ::mmap(nullptr, sizeof(shm::Layout), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    layout_ = shm::initialise(memory_);
  }
  ~SharedSegment() { ::munmap(memory_, sizeof(shm::Layout)); }
  SharedSegment(const SharedSegment&) = delete;
  SharedSegment& operator=(const SharedSegment&) = delete;

  shm::Layout& operator*() const { return *layout_; }
  shm::Layout* operator->() const { return layout_; }

 private:
  void* memory_;
  shm::Layout* layout_ = nullptr;
};

}  // namespace wsflow::test
