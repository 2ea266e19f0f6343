#include "mod_wsflow/os/random.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "mod_wsflow/os/fork.hpp"

TEST_CASE("numbers do not repeat, and every bit is used", "[random]") {
  std::set<std::uint64_t> seen;
  std::uint64_t ones = 0;
  std::uint64_t zeros = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto value = wsflow::os::random64();
    seen.insert(value);
    ones |= value;
    zeros |= ~value;
  }
  CHECK(seen.size() == 1000);
  CHECK(ones == UINT64_MAX);
  CHECK(zeros == UINT64_MAX);
}

TEST_CASE("the short numbers use every bit too", "[random]") {
  std::uint32_t ones = 0;
  std::uint32_t zeros = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto value = wsflow::os::random32();
    ones |= value;
    zeros |= ~value;
  }
  CHECK(ones == UINT32_MAX);
  CHECK(zeros == UINT32_MAX);
}

TEST_CASE("the numbers of a pool do not repeat, whatever the number of threads", "[random]") {
  wsflow::os::RandomPool pool;
  std::mutex mutex;
  std::set<std::uint64_t> seen;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      std::vector<std::uint64_t> mine;
      for (int n = 0; n < 1000; ++n) mine.push_back(pool.next64());
      const std::lock_guard lock(mutex);
      seen.insert(mine.begin(), mine.end());
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(seen.size() == 4000);
  CHECK_FALSE(seen.contains(0));
  std::uint32_t ones = 0;
  for (int i = 0; i < 1000; ++i) ones |= pool.next32();
  CHECK(ones == UINT32_MAX);
}

TEST_CASE("a forked process gets other numbers than its parent from the same pool", "[random]") {
  wsflow::os::RandomPool pool;
  pool.next64();  // the pool has fetched more than that
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const auto pid = wsflow::os::fork_process();
  REQUIRE(pid >= 0);
  constexpr std::size_t kCount = 100;
  if (pid == 0) {
    std::uint64_t numbers[kCount];
    for (auto& number : numbers) number = pool.next64();
    wsflow::os::leave(::write(pipe[1], numbers, sizeof numbers) == sizeof numbers ? 0 : 1);
  }
  ::close(pipe[1]);
  std::uint64_t childs[kCount] = {};
  REQUIRE(::read(pipe[0], childs, sizeof childs) == sizeof childs);
  ::close(pipe[0]);
  CHECK(::waitpid(pid, nullptr, 0) == pid);
  std::set<std::uint64_t> all(std::begin(childs), std::end(childs));
  for (std::size_t i = 0; i < kCount; ++i) all.insert(pool.next64());
  CHECK(all.size() == 2 * kCount);
  CHECK_FALSE(all.contains(0));
}
