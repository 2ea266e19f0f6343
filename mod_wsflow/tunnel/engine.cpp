#include "mod_wsflow/tunnel/engine.hpp"

#include <pthread.h>

#include <algorithm>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/os/signal_mask.hpp"

namespace wsflow::tunnel {

Engine::Engine(unsigned loops, std::uint32_t max_tunnels, metrics::Recorder& recorder, base::LogSink& log)
    : bio_method_(os::make_stream_bio_method()), admission_(max_tunnels) {
  for (unsigned i = 0; i < loops; ++i) {
    loops_.push_back(std::make_unique<EventLoop>(bio_method_.get(), recorder, log));
  }
}

Engine::~Engine() {
  stop();
}

bool Engine::start() {
  if (!bio_method_) return false;
  for (const auto& loop : loops_) {
    if (!loop->valid()) return false;
  }
  const os::BlockSignals blocked;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    auto& thread = threads_.emplace_back([loop = loops_[i].get()]() noexcept { loop->run_guarded(); });
    base::Text<16> name;  // zero-filled: what is short enough ends with a NUL
    name << "wsflow-" << i;
    pthread_setname_np(thread.native_handle(), name.view().data());
  }
  return true;
}

void Engine::stop() noexcept {
  for (const auto& loop : loops_) loop->inbox().close();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

bool Engine::running() {
  return std::none_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->inbox().closed(); });
}

bool Engine::adopt(std::unique_ptr<Tunnel>& tunnel) {
  const auto turn = turn_.fetch_add(1, std::memory_order_relaxed);
  return loops_[turn % loops_.size()]->inbox().post(tunnel);
}

}  // namespace wsflow::tunnel
