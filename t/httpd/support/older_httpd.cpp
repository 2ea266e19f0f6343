// Linked into a module of its own (t/CMakeLists.txt), which then finds in Debian's httpd what one has that is
// as old as may be: no MPM that can wait for a connection, and, as nothing here replaces them, no function
// that is newer.

#include <apr_errno.h>

extern "C" {

apr_status_t __real_ap_mpm_query(int what, int* value);

apr_status_t __wrap_ap_mpm_query(int what, int* value) {
  constexpr int kCanWaitIo = 19;
  if (what != kCanWaitIo) return __real_ap_mpm_query(what, value);
  *value = -1;
  return APR_ENOTIMPL;
}
}
