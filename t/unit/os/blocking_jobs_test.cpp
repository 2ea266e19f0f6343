#include "mod_wsflow/os/blocking_jobs.hpp"

#include <catch2/catch.hpp>
#include <future>

using namespace wsflow;

namespace {

// A job that blocks until the test lets it go.
struct Gate final : os::BlockingJobs::Job {
  void run() noexcept override {
    begun.set_value();
    open.get_future().wait();
  }
  void ended() noexcept override { over.set_value(); }
  std::promise<void> begun;
  std::promise<void> open;
  std::promise<void> over;
};

bool begins(Gate& job) {
  return job.begun.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready;
}
void wait_done(Gate& job) {
  REQUIRE(job.over.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  CHECK(job.done());
}

}  // namespace

TEST_CASE("a job runs on a thread of its own and is told of its end", "[blocking_jobs]") {
  os::BlockingJobs jobs(2, 2, 10);
  const auto job = std::make_shared<Gate>();
  REQUIRE(jobs.add(job, 1));
  REQUIRE(begins(*job));
  CHECK_FALSE(job->done());
  job->open.set_value();
  wait_done(*job);
  jobs.stop(base::Millis(5000));
}

TEST_CASE("the jobs of one key leave threads for others", "[blocking_jobs]") {
  os::BlockingJobs jobs(3, 2, 10);
  std::vector<std::shared_ptr<Gate>> hanging;
  for (int i = 0; i < 4; ++i) {
    hanging.push_back(std::make_shared<Gate>());
    REQUIRE(jobs.add(hanging.back(), 1));
  }
  REQUIRE(begins(*hanging[0]));
  REQUIRE(begins(*hanging[1]));
  const auto other = std::make_shared<Gate>();
  REQUIRE(jobs.add(other, 2));
  CHECK(begins(*other));  // although two wait ahead of it
  other->open.set_value();
  hanging[0]->open.set_value();
  CHECK(begins(*hanging[2]));  // in their order
  for (int i = 1; i < 4; ++i) hanging[static_cast<std::size_t>(i)]->open.set_value();
  for (const auto& job : hanging) wait_done(*job);
  jobs.stop(base::Millis(5000));
}

TEST_CASE("too many jobs are refused", "[blocking_jobs]") {
  os::BlockingJobs jobs(1, 1, 1);
  const auto running = std::make_shared<Gate>();
  REQUIRE(jobs.add(running, 1));
  REQUIRE(begins(*running));
  const auto waiting = std::make_shared<Gate>();
  CHECK(jobs.add(waiting, 1));
  CHECK_FALSE(jobs.add(std::make_shared<Gate>(), 1));
  running->open.set_value();
  waiting->open.set_value();
  wait_done(*waiting);
  jobs.stop(base::Millis(5000));
  CHECK_FALSE(jobs.add(std::make_shared<Gate>(), 1));  // nobody would do it
}

TEST_CASE("a forgotten job never runs, or has run", "[blocking_jobs]") {
  os::BlockingJobs jobs(1, 1, 10);
  const auto running = std::make_shared<Gate>();
  const auto waiting = std::make_shared<Gate>();
  REQUIRE(jobs.add(running, 1));
  REQUIRE(begins(*running));
  REQUIRE(jobs.add(waiting, 1));
  jobs.forget(*waiting);
  running->open.set_value();
  jobs.forget(*running);
  CHECK(running->done());
  CHECK_FALSE(waiting->done());
  jobs.stop(base::Millis(5000));
  CHECK(waiting->begun.get_future().wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
}
