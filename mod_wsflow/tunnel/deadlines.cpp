#include "mod_wsflow/tunnel/deadlines.hpp"

#include <algorithm>

namespace wsflow::tunnel {

void Deadlines::set(DeadlineHook& hook, base::Millis after, base::Instant now) {
  auto queue = std::find_if(queues_.begin(), queues_.end(), [&](const Queue& q) { return q.after == after; });
  if (queue == queues_.end()) {
    queue = queues_.insert(queue, Queue{.after = after, .head = std::make_unique<DeadlineHook>()});
  }
  hook.unlink();
  hook.due_ = now + after;
  auto* head = queue->head.get();
  hook.previous_ = head->previous_;
  hook.next_ = head;
  head->previous_->next_ = &hook;
  head->previous_ = &hook;
}

base::Instant Deadlines::next() const noexcept {
  auto first = base::Instant::max();
  for (const auto& queue : queues_) {
    if (queue.head->linked()) first = std::min(first, queue.head->next_->due_);
  }
  return first;
}

DeadlineHook* Deadlines::pop_due(base::Instant now) noexcept {
  for (auto& queue : queues_) {
    auto* hook = queue.head->next_;
    if (hook == queue.head.get() || hook->due_ > now) continue;
    hook->unlink();
    return hook;
  }
  return nullptr;
}

}  // namespace wsflow::tunnel
