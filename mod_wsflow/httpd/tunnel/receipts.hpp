#pragma once

#include <atomic>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Tells when mod_http2 has taken what was passed to it. Its filter blocks the thread while what it holds of a
// stream is more than it may, until the client takes some of it or httpd's time-out has passed, and it has no
// way to ask beforehand. But it takes metadata without a bound, keeps it in order, and destroys it, on the
// thread that has passed it, when next something is passed after the bytes before it were taken. So a bucket
// of metadata behind the bytes is the receipt for them.
//
// Lives in the pool of the stream's connection: mod_http2 destroys what it still has when that ends.
class Receipts {
 public:
  static Receipts* make(apr_pool_t* pool) noexcept;

  // Puts one behind what is in `brigade`.
  void ask(apr_bucket_brigade* brigade) noexcept;
  // Whether one has not come back yet.
  bool wanted() const noexcept { return wanted_.load(std::memory_order_acquire) != 0; }
  // For the bucket only.
  void take_back() noexcept { wanted_.fetch_sub(1, std::memory_order_release); }

 private:
  std::atomic<unsigned> wanted_{0};
};

}  // namespace wsflow::httpd
