#include "mod_wsflow/tunnel/engine.hpp"

#include <algorithm>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/os/signal_mask.hpp"
#include "mod_wsflow/os/thread_name.hpp"

namespace wsflow::tunnel {

Engine::Engine(unsigned loops, std::uint32_t max_tunnels, metrics::Recorder& recorder, base::LogSink& log,
               base::Millis stop_time, std::uint64_t max_buffered, std::uint64_t descriptors,
               base::WallClock wall_clock)
    : bio_method_(os::make_stream_bio_method()),
      admission_(max_tunnels, descriptors),
      wall_clock_(wall_clock),
      wall_ahead_(wall_clock()) {
  for (unsigned i = 0; i < loops; ++i) {
    loops_.push_back(
        std::make_unique<EventLoop>(bio_method_.get(), stop_time, recorder, log, max_buffered, wall_clock));
  }
}

Engine::~Engine() {
  stop();
}

bool Engine::start() {
  if (!bio_method_) return false;
  for (const auto& loop : loops_) {
    if (!loop->valid()) return false;
    loop->inbox().set_run_state(RunState::run);
  }
  const os::BlockSignals blocked;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    auto& thread = threads_.emplace_back([loop = loops_[i].get()]() noexcept { loop->run_guarded(); });
    base::Text<16> name;  // zero-filled: a shorter text ends with a NUL
    name << "wsflow-" << i;
    os::name_thread(thread, name.view().data());
  }
  return true;
}

void Engine::pause() noexcept {
  for (const auto& loop : loops_) loop->inbox().set_run_state(RunState::pause);
  join();
}

void Engine::begin_stop(base::Outcome why) noexcept {
  for (const auto& loop : loops_) loop->inbox().stop(why);
}

void Engine::stop() noexcept {
  begin_stop();
  join();
}

void Engine::join() noexcept {
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Engine::drain(std::uint16_t code, base::Millis window) {
  for (const auto& loop : loops_) loop->inbox().post({.code = code, .window = window});
}

void Engine::follow_wall_clock() {
  const auto ahead = wall_clock_();
  if (!base::was_set(wall_ahead_, ahead)) return;
  wall_ahead_ = ahead;
  for (const auto& loop : loops_) loop->inbox().post_wall_clock();
}

void Engine::look_for_commands() {
  for (const auto& loop : loops_) loop->inbox().post_commands();
}

std::vector<int> Engine::descriptors() {
  std::vector<int> all;
  for (const auto& loop : loops_) loop->add_descriptors(all);
  return all;
}

void Engine::set_idle_bell(const os::Wakeup& bell) noexcept {
  for (const auto& loop : loops_) loop->set_idle_bell(&bell);
}

bool Engine::running() {
  return std::none_of(loops_.begin(), loops_.end(),
                      [](const auto& loop) { return loop->inbox().run_state() == RunState::stop; });
}

bool Engine::adopt(std::unique_ptr<Tunnel>& tunnel) {
  const auto turn = turn_.fetch_add(1, std::memory_order_relaxed);
  return loops_[turn % loops_.size()]->inbox().post(tunnel);
}

}  // namespace wsflow::tunnel
