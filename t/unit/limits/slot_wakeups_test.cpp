#include "mod_wsflow/limits/slot_wakeups.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <set>

#include "mod_wsflow/os/poller.hpp"
#include "t/unit/support/child_process.hpp"

using namespace wsflow;
using limits::SlotWakeups;

namespace {

// The descriptors of a test, which closes them.
class Opened {
 public:
  Opened() : fds_(SlotWakeups::open()) {}
  ~Opened() {
    for (const int fd : fds_) ::close(fd);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  const SlotWakeups::Descriptors& operator*() const { return fds_; }

 private:
  SlotWakeups::Descriptors fds_;
};

std::set<std::uint64_t> rung(os::Poller& poller) {
  std::set<std::uint64_t> tokens;
  for (const auto& ready : poller.wait(0)) tokens.insert(ready.token);
  return tokens;
}

}  // namespace

TEST_CASE("exactly the bells that are rung are heard, each time", "[limits][slot_wakeups]") {
  const Opened fds;
  const SlotWakeups wakeups(*fds);
  os::Poller poller;
  for (std::uint32_t slot = 0; slot < SlotWakeups::kCount; ++slot) {
    REQUIRE(wakeups.fd(slot) >= 0);
    REQUIRE(poller.watch_writes(wakeups.fd(slot), slot));
  }
  CHECK(rung(poller).empty());
  const auto bit = [](unsigned slot) { return std::uint64_t{1} << slot; };
  for (int round = 0; round < 3; ++round) {
    wakeups.ring(bit(0) | bit(5) | bit(63));
    CHECK(rung(poller) == std::set<std::uint64_t>{0, 5, 63});
    wakeups.ring(0);
    CHECK(rung(poller).empty());
  }
}

TEST_CASE("a slot's bell is there for every slot, and no program inherits it", "[limits][slot_wakeups]") {
  const Opened fds;
  const SlotWakeups wakeups(*fds);
  CHECK(std::set<int>((*fds).begin(), (*fds).end()).size() == SlotWakeups::kCount);
  CHECK(wakeups.fd(SlotWakeups::kCount + 3) == wakeups.fd(3));
  for (const int fd : *fds) CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a forked process's ring is heard", "[limits][slot_wakeups]") {
  const Opened fds;
  const SlotWakeups wakeups(*fds);
  os::Poller poller;
  REQUIRE(poller.watch_writes(wakeups.fd(7), 7));
  test::ChildProcess child([&] {
    wakeups.ring(std::uint64_t{1} << 7U);
    return true;
  });
  REQUIRE(child.ended_well());
  CHECK(rung(poller) == std::set<std::uint64_t>{7});
}

TEST_CASE("without bells nothing is rung", "[limits][slot_wakeups]") {
  const SlotWakeups none;
  CHECK(none.fd(0) == -1);
  errno = 0;
  none.ring(~std::uint64_t{0});
  CHECK(errno == 0);
}

TEST_CASE("all bells or none are opened", "[limits][slot_wakeups]") {
  test::ChildProcess child([] {
    const int next = ::dup(0);
    ::close(next);
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = static_cast<rlim_t>(next) + SlotWakeups::kCount / 2;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    errno = 0;
    const auto fds = SlotWakeups::open();
    const bool none = std::all_of(fds.begin(), fds.end(), [](int fd) { return fd == -1; });
    return none && errno == EMFILE && ::fcntl(next, F_GETFD) == -1;
  });
  CHECK(child.ended_well());
}
