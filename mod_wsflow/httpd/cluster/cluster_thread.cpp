#include "mod_wsflow/httpd/cluster/cluster_thread.hpp"

#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/os/signal_mask.hpp"
#include "mod_wsflow/os/thread_name.hpp"
#include "mod_wsflow/os/wait.hpp"

namespace wsflow::httpd {

namespace {

// The time that the end of the process waits for a request that is under way.
constexpr base::Millis kPatience{200};
constexpr limits::Micros kOutOfOffice = 1'000'000;

}  // namespace

const wsflow_redis_client* redis_client() noexcept {
  return static_cast<const wsflow_redis_client*>(
      ap_lookup_provider(WSFLOW_REDIS_CLIENT, WSFLOW_REDIS_CLIENT_NAME, WSFLOW_REDIS_CLIENT_VERSION));
}

cluster::Connection connection_of(const wsflow_redis_client& client, const ClusterConfig& config) {
  return {client, config.url, static_cast<int>(config.timeout / 1000)};
}

bool ClusterThread::start() {
  constexpr std::uint64_t kAny = 0;
  if (!bell_.valid() || !done_.valid() || !poller_.valid() || !poller_.watch_level(bell_.fd(), kAny))
    return false;
  // Without it the rounds find what is needed.
  if (calls_ >= 0 && !poller_.watch_writes(calls_, kAny)) return false;
  const os::BlockSignals blocked;
  thread_ = std::thread([this]() noexcept {
    guard_void(server_, [this] { run(); });
    done_.ring();
  });
  os::name_thread(thread_, "wsflow-cluster");
  return true;
}

void ClusterThread::stop() noexcept {
  if (!thread_.joinable()) return;
  ending_.store(true);
  bell_.ring();
  if (os::wait_readable({done_.fd()}, kPatience)) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void ClusterThread::run() {
  while (!ending_.load()) {
    auto next = kOutOfOffice;
    if (may_speak_(context_)) {
      if (node_) next = node_->turn();
      if (tunnels_) tunnels_->turn();
    } else {
      leave();
    }
    poller_.wait(static_cast<int>((next + 999) / 1000));
    bell_.clear();
  }
  leave();
}

void ClusterThread::leave() noexcept {
  if (node_) node_->leave();
  if (tunnels_) tunnels_->leave();
}

}  // namespace wsflow::httpd
