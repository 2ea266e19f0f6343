#include "mod_wsflow/httpd/limits/thread_wait.hpp"

#include "mod_wsflow/httpd/limits/gate.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/os/wait.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::httpd {

namespace {

// Longest time until a stream that its client has reset is noticed: mod_http2 only sets a flag.
constexpr base::Millis kLook{100};

struct ThreadWait final : limits::Wait {
  void wake() noexcept override { bell.ring(); }
  os::Wakeup bell;
};

// The client's socket; -1 for a stream: the socket belongs to its whole connection, whose other streams may
// go on.
int client_socket(const request_rec* r) noexcept {
  apr_os_sock_t fd = -1;
  auto* socket = r->connection->master == nullptr ? ap_get_conn_socket(r->connection) : nullptr;
  if (socket != nullptr) apr_os_sock_get(&fd, socket);
  return fd;
}

}  // namespace

int wait_on_thread(Process& process, request_rec* r, limits::PermitRef permit, limits::Micros until) {
  ThreadWait wait;
  wait.permit = permit;
  wait.until = until;
  wait.client = client_socket(r);
  auto& wait_thread = *process.wait_thread;
  wait_thread.add(wait);
  while (wait.bell.valid() && wait.end.load(std::memory_order_acquire) == limits::Wait::End::none &&
         r->connection->aborted == 0) {
    os::wait_readable({wait.bell.fd()}, kLook);
  }
  wait_thread.remove(wait);
  return finish_wait(process, r, wait);
}

}  // namespace wsflow::httpd
