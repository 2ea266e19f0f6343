#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/mutex.hpp"

namespace wsflow::os {

// Threads for calls that can only block: looking up a name, a TLS handshake inside another module. They are
// made when they are needed, and there are few. Jobs with the same key (one origin) get only a part of them,
// so that an origin that hangs leaves threads for the others; the rest of its jobs waits in line.
class BlockingJobs {
 public:
  class Job {
   public:
    Job() noexcept = default;
    virtual ~Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    // Does the work, on a thread of the BlockingJobs.
    virtual void run() noexcept = 0;
    // Told once, behind run() and done(), on the same thread.
    virtual void ended() noexcept {}
    // True once run() has returned. Any thread.
    bool done() const noexcept { return done_.load(std::memory_order_acquire); }

   private:
    friend class BlockingJobs;
    std::atomic<bool> done_{false};
  };

  BlockingJobs(unsigned most_threads, unsigned most_of_key, std::size_t most_waiting) noexcept
      : most_threads_(most_threads), most_of_key_(most_of_key), most_waiting_(most_waiting) {}
  BlockingJobs(const BlockingJobs&) = delete;
  BlockingJobs& operator=(const BlockingJobs&) = delete;

  // Any thread. False if too many jobs wait, or no thread can be had.
  bool add(std::shared_ptr<Job> job, std::uint64_t key);
  // Makes sure that `job` does not run and never will: takes it out of the line, or waits until run() has
  // returned. The caller's reference is the only one of those that add() was given then. Any thread but those
  // of jobs.
  void forget(const Job& job) noexcept;
  // Ends the threads, and drops the jobs that wait. A thread whose job goes on for longer than `patience` is
  // left to the end of the process: the object must live until then. Main thread, once nobody adds.
  void stop(base::Millis patience) noexcept;

 private:
  struct Entry {
    std::shared_ptr<Job> job;
    std::uint64_t key;
  };

  void work() noexcept;
  // Takes the first job out of the line whose key may have one thread more.
  bool take(Entry& entry) WSFLOW_REQUIRES(mutex_);
  bool add_thread() WSFLOW_REQUIRES(mutex_);

  const unsigned most_threads_;
  const unsigned most_of_key_;
  const std::size_t most_waiting_;
  base::Mutex mutex_;
  std::condition_variable_any changed_;  // a job was added or has ended, or ending_ was set
  std::deque<Entry> waiting_ WSFLOW_GUARDED_BY(mutex_);
  std::vector<const Job*> running_ WSFLOW_GUARDED_BY(mutex_);
  std::unordered_map<std::uint64_t, unsigned> running_of_key_ WSFLOW_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ WSFLOW_GUARDED_BY(mutex_);
  unsigned idle_ WSFLOW_GUARDED_BY(mutex_) = 0;   // threads that wait for a job
  unsigned ended_ WSFLOW_GUARDED_BY(mutex_) = 0;  // threads that have ended
  bool ending_ WSFLOW_GUARDED_BY(mutex_) = false;
};

}  // namespace wsflow::os
