#pragma once

#include <atomic>

#include "mod_wsflow/base/mutex.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::httpd {

// The numbers of this configuration's limits in the shared table. The first process of a generation defines
// the limits there: the parent must neither fail nor wait for the table, nor trust its contents.
class LimitNumbers {
 public:
  // Notes the numbers in the rules, unless that was done. May wait for the lock of the limits; false if it
  // was not to be had, or while another thread is at it: then nothing that is limited may pass. Any thread of
  // a child.
  bool find(server_rec* server, const limits::LimitsAccess& access) noexcept;

 private:
  std::atomic<bool> known_{false};
  base::Mutex mutex_;                               // guards the rules, too, until they are known
  bool missing_ WSFLOW_GUARDED_BY(mutex_) = false;  // the log says that the lock was not to be had
};

}  // namespace wsflow::httpd
