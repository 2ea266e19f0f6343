#pragma once

#include <pthread.h>
#include <signal.h>

namespace wsflow::os {

// Blocks every signal in this thread for a scope. Threads that start in the scope inherit the mask: httpd's
// signals go to httpd's threads only.
class BlockSignals {
 public:
  BlockSignals() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous_);
  }
  ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;

 private:
  sigset_t previous_;
};

}  // namespace wsflow::os
