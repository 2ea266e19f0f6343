#include "mod_wsflow/os/pids.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <thread>

#include "t/unit/support/child_process.hpp"
#include "t/unit/support/wait.hpp"

using namespace wsflow;

TEST_CASE("a process that runs is not gone", "[pids]") {
  const auto ticks = os::start_ticks(::getpid());
  CHECK(ticks > 0);
  CHECK(os::start_ticks(::getpid()) == ticks);
  CHECK_FALSE(os::gone(::getpid(), ticks));
  CHECK_FALSE(os::gone(::getpid(), 0));
  CHECK_FALSE(os::gone(::getppid(), 0));
}

TEST_CASE("how long a process runs is told by its start", "[pids]") {
  const auto ticks = os::start_ticks(::getpid());
  const auto first = os::seconds_since(ticks);
  CHECK(first > 0);
  CHECK(first < 24 * 3600);
  CHECK(os::seconds_since(ticks) >= first);
  CHECK(os::seconds_since(ticks + 100'000'000) == 0);
  CHECK(os::seconds_since(0) == 0);
}

TEST_CASE("a pid that was given again is another process", "[pids]") {
  CHECK(os::gone(::getpid(), os::start_ticks(::getpid()) - 1));
}

TEST_CASE("no process is gone", "[pids]") {
  CHECK(os::gone(0, 0));
  CHECK(os::gone(-1, 0));
  CHECK(os::start_ticks(0) == 0);
}

TEST_CASE("a killed process is gone before and after it was waited for", "[pids]") {
  test::ChildProcess child([]() -> bool { test::wait_to_be_killed(); });
  const auto pid = child.pid();
  const auto ticks = os::start_ticks(pid);
  CHECK(ticks > 0);
  CHECK_FALSE(os::gone(pid, ticks));
  REQUIRE(::kill(pid, SIGKILL) == 0);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
  CHECK(os::gone(pid, ticks));
  CHECK(os::gone(pid, 0));
  child.kill();
  CHECK(os::gone(pid, ticks));
  CHECK(os::start_ticks(pid) == 0);
}

TEST_CASE("the name of a program cannot confuse", "[pids]") {
  test::ChildProcess child([] {
    const auto before = os::start_ticks(::getpid());
    ::prctl(PR_SET_NAME, ") Z 1 2 (x) ", 0, 0, 0);
    return os::start_ticks(::getpid()) == before && !os::gone(::getpid(), before);
  });
  CHECK(child.ended_well());
}

TEST_CASE("a process of another user is not gone", "[pids]") {
  if (::geteuid() != 0) return;
  test::ChildProcess child([] {
    const auto parent = ::getppid();
    const auto ticks = os::start_ticks(parent);
    return ::setuid(65534) == 0 && ::kill(parent, 0) != 0 && !os::gone(parent, ticks);
  });
  CHECK(child.ended_well());
}

TEST_CASE("a process whose first thread has ended lives while another one runs", "[pids]") {
  test::ChildProcess child([]() -> bool {
    std::thread(test::wait_to_be_killed).detach();
    ::syscall(SYS_exit, 0);  // of this thread alone
    return false;
  });
  const auto pid = child.pid();
  const auto state = [pid] {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, letter;
    file >> number >> name >> letter;
    return letter;
  };
  REQUIRE(test::eventually([&] { return state() == "Z"; }));
  CHECK_FALSE(os::gone(pid, os::start_ticks(pid)));
  child.kill();
  CHECK(os::gone(pid, 0));
}
