#include "mod_wsflow/httpd/process/worker_share.hpp"

#include <algorithm>

#include "mod_wsflow/httpd/mpm_query.hpp"

// Exported by mod_http2: the least and the greatest number of its worker threads in a process.
APR_DECLARE_OPTIONAL_FN(void, http2_get_num_workers, (server_rec * s, int* least, int* most));

namespace wsflow::httpd {

namespace {

bool take_one(std::atomic<unsigned>& taken, unsigned most) noexcept {
  if (taken.fetch_add(1, std::memory_order_relaxed) < most) return true;
  taken.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

}  // namespace

tunnel::WorkerBounds worker_bounds(server_rec* main) noexcept {
  int least = 0;
  int most = 0;
  if (auto* ask = APR_RETRIEVE_OPTIONAL_FN(http2_get_num_workers)) ask(main, &least, &most);
  return tunnel::worker_bounds(static_cast<unsigned>(std::max(mpm_query(AP_MPMQ_MAX_THREADS), 1)),
                               static_cast<unsigned>(std::max(most, 0)));
}

WorkerShare::Lease WorkerShare::enter(unsigned most, std::atomic<unsigned>* of_connection) noexcept {
  if (of_connection != nullptr && !take_one(*of_connection, tunnel::kMostOfConnection)) return {};
  if (take_one(taken_, most)) return {*this, of_connection};
  if (of_connection != nullptr) of_connection->fetch_sub(1, std::memory_order_relaxed);
  return {};
}

WorkerShare::Lease::~Lease() {
  if (share_ == nullptr) return;
  share_->taken_.fetch_sub(1, std::memory_order_relaxed);
  if (connection_ != nullptr) connection_->fetch_sub(1, std::memory_order_relaxed);
}

void WorkerShare::set_run_state(RunState state) noexcept {
  if (run_state_.load() >= state) return;
  run_state_.store(state, std::memory_order_release);
  bell_.ring();
}

}  // namespace wsflow::httpd
