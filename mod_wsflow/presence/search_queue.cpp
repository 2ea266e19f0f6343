#include "mod_wsflow/presence/search_queue.hpp"

#include <exception>
#include <utility>

namespace wsflow::presence {

namespace {

constexpr base::Millis kPatience{2000};

}  // namespace

bool SearchQueue::add(std::shared_ptr<Search> search) noexcept {
  const base::MutexLock lock(mutex_);
  if (!search->bell.valid() || searches_.size() >= kMost) return false;
  try {
    searches_.push_back(std::move(search));
  } catch (const std::exception&) {
    return false;
  }
  return true;
}

void SearchQueue::end_waits() noexcept {
  const auto now = base::now();
  const base::MutexLock lock(mutex_);
  std::erase_if(searches_, [now](const auto& search) {
    const bool late = now - search->asked >= kPatience;
    if (late) search->bell.ring();
    return late;
  });
}

std::vector<std::shared_ptr<Search>> SearchQueue::waiting() const {
  const base::MutexLock lock(mutex_);
  return searches_;
}

void SearchQueue::finish(const std::shared_ptr<Search>& search, std::vector<FoundSession> found,
                         std::string error) noexcept {
  search->found = std::move(found);
  search->error = std::move(error);
  search->over.store(true);
  search->bell.ring();
  const base::MutexLock lock(mutex_);
  std::erase(searches_, search);
}

}  // namespace wsflow::presence
