#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mod_wsflow/base/mutex.hpp"
#include "mod_wsflow/presence/search.hpp"

namespace wsflow::presence {

// The searches that the writer has still to do. Any thread, but for waiting() and finish().
class SearchQueue {
 public:
  static constexpr std::size_t kMost = 8;           // at a time
  static constexpr std::uint64_t kMostFound = 100;  // sessions of one

  // False: there are too many, or memory is out.
  bool add(std::shared_ptr<Search> search) noexcept;
  // Lets nobody wait any longer for a store that does not answer.
  void end_waits() noexcept;

  // The writer's calls: those that wait, and what became of one of them.
  std::vector<std::shared_ptr<Search>> waiting() const;
  void finish(const std::shared_ptr<Search>& search, std::vector<FoundSession> found,
              std::string error) noexcept;

 private:
  mutable base::Mutex mutex_;
  std::vector<std::shared_ptr<Search>> searches_ WSFLOW_GUARDED_BY(mutex_);
};

}  // namespace wsflow::presence
