#include "mod_wsflow/tunnel/pipe_pool.hpp"

#include <algorithm>

#include "mod_wsflow/base/assert.hpp"
#include "mod_wsflow/tunnel/byte_queue.hpp"

namespace wsflow::tunnel {

PipePool::~PipePool() {
  for ([[maybe_unused]] const auto& place : places_) WSFLOW_ASSERT(place.lent_at == 0);
}

PipePool::Lease PipePool::borrow() {
  auto* place = free_place();
  if (place == nullptr || !make(*place)) return {};
  place->pool = this;
  place->holder = nullptr;
  place->lent_at = ++turn_;
  return Lease(*place);
}

// A free place, with its pipe if one is open; else the place whose bytes have waited longest.
PipePool::Place* PipePool::free_place() {
  Place* best = nullptr;
  for (auto& place : places_) {
    if (place.lent_at != 0) continue;
    if (place.pipe) return &place;
    if (best == nullptr) best = &place;
  }
  if (best != nullptr) return best;
  for (auto& place : places_) {
    if (place.holder != nullptr && (best == nullptr || place.lent_at < best->lent_at)) best = &place;
  }
  return best != nullptr && best->holder->leave_pipe() ? best : nullptr;
}

bool PipePool::make(Place& place) noexcept {
  if (place.pipe) return true;
  if (refused_ != 0) {
    --refused_;
    return false;
  }
  place.pipe = os::SplicePipe::make();
  if (!place.pipe) refused_ = kPatience;
  return place.pipe.has_value();
}

void PipePool::give_back(Place& place) noexcept {
  if (!place.pipe->empty()) place.pipe.reset();
  place.holder = nullptr;
  place.lent_at = 0;
}

void PipePool::add_descriptors(std::vector<int>& to) const {
  for (const auto& place : places_) {
    if (!place.pipe) continue;
    to.push_back(place.pipe->reader());
    to.push_back(place.pipe->writer());
  }
}

}  // namespace wsflow::tunnel
