#include "mod_wsflow/httpd/process/origin_addresses.hpp"

#include <cstring>
#include <utility>

#include "mod_wsflow/os/local_address.hpp"

namespace wsflow::httpd {

OriginAddresses::Lookup::Lookup(std::string host, apr_port_t port) : host_(std::move(host)), port_(port) {
  apr_pool_create_unmanaged_ex(&pool_, nullptr, nullptr);
}

OriginAddresses::Lookup::~Lookup() {
  if (pool_ != nullptr) apr_pool_destroy(pool_);
}

void OriginAddresses::Lookup::run() noexcept {
  status_ = pool_ == nullptr ? APR_ENOMEM
                             : apr_sockaddr_info_get(&first_, host_.c_str(), APR_UNSPEC, port_, 0, pool_);
  ended_ = base::now();
}

apr_sockaddr_t* OriginAddresses::Lookup::copy(apr_pool_t* pool) const noexcept {
  apr_sockaddr_t* first = nullptr;
  if (status_ == APR_SUCCESS) apr_sockaddr_info_copy(&first, first_, pool);
  return first;
}

void OriginAddresses::Lookup::subscribe(const std::shared_ptr<os::Wakeup>& bell) {
  const base::MutexLock lock(mutex_);
  if (done()) {
    bell->ring();
  } else {
    bells_.push_back(bell);
  }
}

void OriginAddresses::Lookup::ended() noexcept {
  const base::MutexLock lock(mutex_);
  for (const auto& each : bells_) {
    if (const auto bell = each.lock()) bell->ring();
  }
  bells_.clear();
}

std::shared_ptr<OriginAddresses::Lookup> OriginAddresses::start(Name& name, const char* host,
                                                                apr_port_t port) {
  auto lookup = std::make_shared<Lookup>(host, port);
  if (!jobs_.add(lookup, std::hash<std::string>{}(host))) return {};
  name.active = lookup;
  return lookup;
}

// Drops the names that nobody looks up at the moment, once there are too many.
void OriginAddresses::make_room() {
  if (names_.size() < kMost) return;
  std::erase_if(names_, [](const auto& each) { return !each.second.active || each.second.active->done(); });
}

OriginAddresses::Answer OriginAddresses::find(const char* host, apr_port_t port, bool reusable,
                                              std::shared_ptr<Lookup> looked_up, apr_pool_t* pool) {
  Answer answer;
  if (os::is_address(host)) {
    // With its family known, the system is not asked which families this machine has (a netlink socket).
    const int family = std::strchr(host, ':') != nullptr ? APR_INET6 : APR_INET;
    answer.status = apr_sockaddr_info_get(&answer.first, host, family, port, 0, pool);
    return answer;
  }
  if (looked_up && looked_up->done()) {
    answer.first = looked_up->copy(pool);
    answer.status = looked_up->status();
    return answer;
  }
  const base::MutexLock lock(mutex_);
  make_room();
  auto& name = names_[std::string(host) + ":" + std::to_string(port)];
  if (name.active && name.active->done()) {
    auto ended = std::exchange(name.active, nullptr);
    // A name that cannot be looked up for the moment keeps the addresses that it had.
    if (ended->status() == APR_SUCCESS || !name.last) name.last = std::move(ended);
  }
  const bool known = name.last && name.last->status() == APR_SUCCESS;
  const bool fresh = known && base::now() - name.last->ended_at() < kFresh;
  if (!fresh && !name.active) start(name, host, port);
  if (fresh || (known && reusable)) {
    answer.first = name.last->copy(pool);
    answer.old = true;
    return answer;
  }
  answer.lookup = name.active;
  if (!answer.lookup) answer.status = APR_EAGAIN;  // too many look-ups wait
  return answer;
}

std::shared_ptr<OriginAddresses::Lookup> OriginAddresses::look_again(const char* host, apr_port_t port) {
  if (os::is_address(host)) return {};
  const base::MutexLock lock(mutex_);
  auto& name = names_[std::string(host) + ":" + std::to_string(port)];
  if (name.active && !name.active->done()) return name.active;
  return start(name, host, port);
}

}  // namespace wsflow::httpd
