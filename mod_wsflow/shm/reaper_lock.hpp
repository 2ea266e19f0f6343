#pragma once

#include "mod_wsflow/shm/lost.hpp"

namespace wsflow::shm {

// The lock of the reaper, which also guards the sample ring. It is only tried: nobody waits. Whoever gets it
// first completes what a holder that died has left; `lost`, if not null, gets the tunnels that come to light
// with it.
class WSFLOW_SCOPED_CAPABILITY ReaperLock {
 public:
  explicit ReaperLock(Layout& layout, Lost* lost = nullptr) noexcept WSFLOW_EXCLUDES(layout);
  ~ReaperLock() WSFLOW_RELEASE();
  ReaperLock(const ReaperLock&) = delete;
  ReaperLock& operator=(const ReaperLock&) = delete;

  explicit operator bool() const noexcept WSFLOW_TRY_ACQUIRE(true) { return held_; }

 private:
  Layout& layout_;
  bool held_ = false;
};

}  // namespace wsflow::shm
