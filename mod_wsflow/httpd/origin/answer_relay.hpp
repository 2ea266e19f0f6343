#pragma once

#include "mod_wsflow/httpd/origin/origin.hpp"

namespace wsflow::httpd {

// Passes an answer other than 101 to the client, through httpd's filters, in steps that do not wait for the
// origin: each piece of the body as the origin sends it. ProxyTimeout bounds its silence. The thread that has
// the request.
class AnswerRelay {
 public:
  // Passes the head. Pre: the head of `origin` is here. Both are borrowed.
  AnswerRelay(request_rec* r, Origin& origin);
  AnswerRelay(const AnswerRelay&) = delete;
  AnswerRelay& operator=(const AnswerRelay&) = delete;

  // Done: the answer has ended, well or not.
  Step advance();
  // The status for mod_proxy; valid once done.
  int status() const noexcept { return status_; }

 private:
  // Reads of TLS records that are no data, until the socket is waited for all the same.
  static constexpr int kTriesInVain = 64;

  bool pass() noexcept;
  void end(bool well) noexcept;
  void break_off(apr_status_t status);
  Step wait();
  void relay(bool eof);

  request_rec* r_;                 // borrowed
  Origin& origin_;                 // borrowed
  request_rec* answer_ = nullptr;  // stands for the answer; of the origin's connection
  apr_bucket_brigade* from_ = nullptr;
  apr_bucket_brigade* to_ = nullptr;
  base::Millis time_{};    // most silence of the origin
  base::Instant until_{};  // the end of that
  int status_ = OK;
  int in_vain_ = 0;
  bool flushed_ = false;  // the client has all that has come
  bool ended_ = false;
};

}  // namespace wsflow::httpd
