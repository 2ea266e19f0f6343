#pragma once

#include <atomic>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Tells when mod_http2 has taken the bytes that were passed to it. While mod_http2 holds more of a stream
// than it may, its filter blocks the thread, until the client takes some bytes or httpd's time-out has
// passed; nothing tells so beforehand. But the filter takes metadata without a bound, keeps it in order, and
// destroys it on the thread that has passed it: in the next call after the bytes before it were taken. So a
// metadata bucket behind the bytes is the receipt for them.
//
// Lives in the pool of the stream's connection: mod_http2 destroys the receipts that it still has when that
// connection ends.
class Receipts {
 public:
  static Receipts* make(apr_pool_t* pool) noexcept;

  // Appends a receipt to `brigade`.
  void ask(apr_bucket_brigade* brigade) noexcept;
  // True if a receipt has not come back yet.
  bool wanted() const noexcept { return wanted_.load(std::memory_order_acquire) != 0; }
  // Called by the bucket only.
  void take_back() noexcept { wanted_.fetch_sub(1, std::memory_order_release); }

 private:
  std::atomic<unsigned> wanted_{0};
};

}  // namespace wsflow::httpd
