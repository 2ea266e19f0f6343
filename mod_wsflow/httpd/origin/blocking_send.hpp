#pragma once

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/os/blocking_jobs.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::httpd {

// Sends the handshake through the filters of the origin's connection, the TLS handshake before it: mod_ssl
// gives up a TLS handshake towards an origin that would have to wait, so a thread must. From
// BlockingJobs::add() until done() this thread alone has the connection.
class BlockingSend final : public os::BlockingJobs::Job {
 public:
  BlockingSend(conn_rec* c, apr_bucket_brigade* brigade) noexcept : c_(c), brigade_(brigade) {}
  void run() noexcept override { status_ = ap_pass_brigade(c_->output_filters, brigade_); }

  void ended() noexcept override { bell_.ring(); }
  // A descriptor that can be read once it is done(); -1 if the kernel has given none.
  int bell() const noexcept { return bell_.fd(); }

  // Valid once done().
  apr_status_t status() const noexcept { return status_; }

 private:
  conn_rec* c_;                  // borrowed
  apr_bucket_brigade* brigade_;  // borrowed
  apr_status_t status_ = APR_SUCCESS;
  os::Wakeup bell_;
};

}  // namespace wsflow::httpd
