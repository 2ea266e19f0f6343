#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/mutex.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/os/blocking_jobs.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::httpd {

// The addresses of the names of origins, looked up by threads of os::BlockingJobs: no worker waits for a
// name. A name of a reusable worker (one that mod_proxy itself looks up once) is looked up once as well, and
// again in the background when its addresses are used later than kFresh. Any thread.
class OriginAddresses {
 public:
  static constexpr base::Millis kFresh{10'000};
  // At most so many names, as clients may choose them (RewriteRule [P]).
  static constexpr std::size_t kMost = 512;

  // A look-up that has ended or goes on.
  class Lookup;
  struct Answer {
    apr_sockaddr_t* first = nullptr;    // in the caller's pool; `next` links the others; nullptr: none (yet)
    std::shared_ptr<Lookup> lookup{};   // goes on: subscribe to it, and ask again. Empty: `first` is final
    apr_status_t status = APR_SUCCESS;  // why there is none
    bool old = false;                   // not looked up just now: the name may have moved
  };

  explicit OriginAddresses(os::BlockingJobs& jobs) noexcept : jobs_(jobs) {}
  OriginAddresses(const OriginAddresses&) = delete;
  OriginAddresses& operator=(const OriginAddresses&) = delete;

  // The addresses of `host`, a name or an address, with that port. `reusable`: old ones will do. `looked_up`:
  // the look-up that the caller has waited for, whose answer counts whatever it is.
  Answer find(const char* host, apr_port_t port, bool reusable, std::shared_ptr<Lookup> looked_up,
              apr_pool_t* pool);
  // Looks the name up again: none of its addresses could be reached. The look-up goes on, or is empty.
  std::shared_ptr<Lookup> look_again(const char* host, apr_port_t port);

 private:
  struct Name {
    std::shared_ptr<Lookup> last;    // has ended; empty: none has
    std::shared_ptr<Lookup> active;  // goes on; empty: none does
  };
  std::shared_ptr<Lookup> start(Name& name, const char* host, apr_port_t port) WSFLOW_REQUIRES(mutex_);
  void make_room() WSFLOW_REQUIRES(mutex_);

  os::BlockingJobs& jobs_;  // borrowed from the process
  base::Mutex mutex_;
  std::unordered_map<std::string, Name> names_ WSFLOW_GUARDED_BY(mutex_);  // by "host:port"
};

class OriginAddresses::Lookup final : public os::BlockingJobs::Job {
 public:
  Lookup(std::string host, apr_port_t port);
  ~Lookup() override;
  void run() noexcept override;

  // Rings `bell` when the look-up has ended, as long as its owner keeps it. Each waiter needs a bell of its
  // own: the kernel lets 500 nested epoll instances at most wait for one descriptor. Any thread.
  void subscribe(const std::shared_ptr<os::Wakeup>& bell);
  void ended() noexcept override;

  // Valid once done().
  apr_status_t status() const noexcept { return status_; }
  apr_sockaddr_t* copy(apr_pool_t* pool) const noexcept;
  base::Instant ended_at() const noexcept { return ended_; }

 private:
  const std::string host_;
  const apr_port_t port_;
  apr_pool_t* pool_ = nullptr;  // owned; of no other pool, as any thread may free it
  apr_sockaddr_t* first_ = nullptr;
  apr_status_t status_ = APR_SUCCESS;
  base::Instant ended_{};
  base::Mutex mutex_;
  std::vector<std::weak_ptr<os::Wakeup>> bells_ WSFLOW_GUARDED_BY(mutex_);
};

}  // namespace wsflow::httpd
