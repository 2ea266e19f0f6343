#include "mod_wsflow/os/member.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <vector>

#include "mod_wsflow/os/pids.hpp"
#include "t/unit/support/child_process.hpp"

using namespace wsflow;

namespace {

constexpr uid_t kNobody = 65534;

std::vector<uid_t> only_us() {
  return {::getuid()};
}

os::NamedProcess named(pid_t pid) {
  return {.pid = pid, .ticks = os::start_ticks(pid)};
}

// A waiting process; its constructor returns when the process is set up.
class Bystander {
 public:
  template <class Become>
  explicit Bystander(Become&& become)
      : child_([&]() -> bool {
          if (!become() || ::write(told_[1], "x", 1) != 1) return false;
          test::wait_to_be_killed();
        }) {
    char byte = 0;
    REQUIRE(::read(told_[0], &byte, 1) == 1);
  }
  ~Bystander() {
    ::close(told_[0]);
    ::close(told_[1]);
  }
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;

  pid_t pid() const { return child_.pid(); }
  // The signal that ended it; 0: it lives.
  int ended() const {
    int status = 0;
    return ::waitpid(pid(), &status, WNOHANG) == pid() && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }
  int wait() const {
    int status = 0;
    return ::waitpid(pid(), &status, 0) == pid() && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

 private:
  static std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    return ends;
  }
  std::array<int, 2> told_ = make_pipe();
  test::ChildProcess child_;
};

bool stay() {
  return true;
}

}  // namespace

TEST_CASE("a process of the group and of the user is told to end, or killed", "[member]") {
  const Bystander one(stay);
  const Bystander other(stay);
  CHECK(os::is_member(named(one.pid()), only_us()));
  CHECK(os::send_to_member(named(one.pid()), only_us(), os::EndSignal::end));
  CHECK(one.wait() == SIGTERM);
  CHECK(os::send_to_member(named(other.pid()), only_us(), os::EndSignal::kill));
  CHECK(other.wait() == SIGKILL);
}

TEST_CASE("nobody else gets a signal", "[member]") {
  const auto refused = [](const os::NamedProcess& process, std::vector<uid_t> users) {
    const bool member = os::is_member(process, users);
    const bool ended = os::send_to_member(process, users, os::EndSignal::end);
    const bool killed = os::send_to_member(process, users, os::EndSignal::kill);
    return !member && !ended && !killed;
  };
  SECTION("of another process group") {
    const Bystander stranger([] { return ::setpgid(0, 0) == 0; });
    CHECK(refused(named(stranger.pid()), only_us()));
    CHECK(stranger.ended() == 0);
  }
  SECTION("of another user") {
    const Bystander stranger(stay);
    CHECK(refused(named(stranger.pid()), {::getuid() + 1}));
    CHECK(refused(named(stranger.pid()), {}));
    CHECK(stranger.ended() == 0);
  }
  SECTION("that has changed its user") {
    if (::geteuid() != 0) return;
    const Bystander stranger([] { return ::setuid(kNobody) == 0; });
    CHECK(refused(named(stranger.pid()), only_us()));
    CHECK(os::is_member(named(stranger.pid()), std::vector<uid_t>{12345, kNobody}));
    CHECK(stranger.ended() == 0);
  }
  SECTION("that started at another time") {
    const Bystander stranger(stay);
    auto process = named(stranger.pid());
    ++process.ticks;
    CHECK(refused(process, only_us()));
    CHECK(stranger.ended() == 0);
  }
  SECTION("no whole group, and not whoever asks") {
    for (const pid_t pid : {0, -1, 1, -::getpgrp(), ::getpid()}) CHECK(refused({.pid = pid}, only_us()));
  }
  SECTION("that has ended") {
    test::ChildProcess ended([] { return true; });
    siginfo_t info{};
    REQUIRE(::waitid(P_PID, static_cast<id_t>(ended.pid()), &info, WEXITED | WNOWAIT) == 0);
    CHECK(refused(named(ended.pid()), only_us()));
  }
}
