#include "mod_wsflow/os/blocking_jobs.hpp"

#include <algorithm>
#include <system_error>

#include "mod_wsflow/os/signal_mask.hpp"
#include "mod_wsflow/os/thread_name.hpp"

namespace wsflow::os {

bool BlockingJobs::add(std::shared_ptr<Job> job, std::uint64_t key) {
  const base::MutexLock lock(mutex_);
  if (ending_ || waiting_.size() >= most_waiting_) return false;
  if (idle_ <= waiting_.size() && threads_.size() < most_threads_ && !add_thread() && threads_.empty())
    return false;
  waiting_.push_back({.job = std::move(job), .key = key});
  changed_.notify_all();
  return true;
}

bool BlockingJobs::add_thread() {
  const BlockSignals blocked;
  try {
    auto& thread = threads_.emplace_back([this]() noexcept { work(); });
    name_thread(thread, "wsflow-job");
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

bool BlockingJobs::take(Entry& entry) {
  auto next = waiting_.begin();
  for (; next != waiting_.end(); ++next) {
    const auto running = running_of_key_.find(next->key);
    if (running == running_of_key_.end() || running->second < most_of_key_) break;
  }
  if (next == waiting_.end()) return false;
  entry = std::move(*next);
  waiting_.erase(next);
  running_.push_back(entry.job.get());
  ++running_of_key_[entry.key];
  return true;
}

void BlockingJobs::work() noexcept {
  mutex_.lock();
  while (!ending_) {
    Entry entry;
    if (!take(entry)) {
      ++idle_;
      changed_.wait(mutex_);
      --idle_;
      continue;
    }
    mutex_.unlock();
    entry.job->run();
    mutex_.lock();
    running_.erase(std::find(running_.begin(), running_.end(), entry.job.get()));
    const auto of_key = running_of_key_.find(entry.key);
    if (--of_key->second == 0) running_of_key_.erase(of_key);
    // Whoever waits in forget() may free what the job has borrowed, but not the job itself.
    entry.job->done_.store(true, std::memory_order_release);
    entry.job->ended();
    changed_.notify_all();
  }
  ++ended_;
  changed_.notify_all();
  mutex_.unlock();
}

void BlockingJobs::forget(const Job& job) noexcept {
  const base::MutexLock lock(mutex_);
  std::erase_if(waiting_, [&job](const Entry& each) { return each.job.get() == &job; });
  while (std::find(running_.begin(), running_.end(), &job) != running_.end()) changed_.wait(mutex_);
}

void BlockingJobs::stop(base::Millis patience) noexcept {
  std::vector<std::thread> threads;
  bool all = false;
  {
    const base::MutexLock lock(mutex_);
    ending_ = true;
    waiting_.clear();
    changed_.notify_all();
    const auto until = std::chrono::steady_clock::now() + patience;
    while (ended_ < threads_.size()) {
      if (changed_.wait_until(mutex_, until) == std::cv_status::timeout) break;
    }
    all = ended_ == threads_.size();
    threads.swap(threads_);
  }
  for (auto& thread : threads) {
    if (all) {
      thread.join();
    } else {
      thread.detach();
    }
  }
}

}  // namespace wsflow::os
