#include "mod_wsflow/os/descriptors.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <vector>

#include "t/unit/support/child_process.hpp"

using wsflow::os::close_all_except;

namespace {

constexpr int kLimit = 256;

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}

// Opens descriptors 3 to 60 and a much higher one, and calls close_all_except(keep). True if just those of
// `keep` are open afterwards.
bool closes_all_but(const std::vector<int>& keep) {
  const rlimit limit{.rlim_cur = kLimit, .rlim_max = kLimit};
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  std::vector<int> all;
  for (int fd = 0; fd <= 60; ++fd) all.push_back(fd);
  all.push_back(kLimit - 1);
  for (const int fd : all) {
    if (!is_open(fd) && ::dup2(STDERR_FILENO, fd) != fd) return false;
  }
  close_all_except(keep);
  return std::all_of(all.begin(), all.end(), [&](int fd) {
    return is_open(fd) == (std::find(keep.begin(), keep.end(), fd) != keep.end());
  });
}

// Makes close_range() fail in this process from now on, as on an old kernel.
bool forget_close_range() {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = std::size(rules), .filter = rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 &&
         ::syscall(SYS_close_range, ~0U, ~0U, 0U) == -1;
}

std::vector<std::vector<int>> choices() {
  return {
      {},
      {0, 1, 2},
      {2, 7, 8, 9, 40},
      {kLimit - 1, 30, 2, 30, -1, 3, -1},
      {60, 61, 200},  // of which some are not open
  };
}

}  // namespace

TEST_CASE("all descriptors but those to be kept are closed", "[descriptors]") {
  for (const auto& keep : choices()) {
    CAPTURE(keep);
    CHECK(wsflow::test::ChildProcess([&] { return closes_all_but(keep); }).ended_well());
  }
}

TEST_CASE("the same where the kernel cannot close ranges", "[descriptors]") {
  if (!wsflow::test::ChildProcess([] { return forget_close_range(); }).ended_well()) {
    WARN("this system lets nobody filter system calls");
    return;
  }
  for (const auto& keep : choices()) {
    CAPTURE(keep);
    CHECK(wsflow::test::ChildProcess([&] {
            return forget_close_range() && closes_all_but(keep);
          }).ended_well());
  }
}
