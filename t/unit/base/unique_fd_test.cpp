#include "mod_wsflow/base/unique_fd.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <utility>

using wsflow::base::UniqueFd;

namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}
UniqueFd some_fd() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

TEST_CASE("the owner closes its descriptor", "[unique_fd]") {
  int number = -1;
  {
    const auto fd = some_fd();
    number = fd.get();
    CHECK(static_cast<bool>(fd));
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("moving leaves nothing behind", "[unique_fd]") {
  auto first = some_fd();
  const int number = first.get();
  UniqueFd second(std::move(first));
  CHECK(first.get() == -1);
  CHECK(second.get() == number);

  auto third = some_fd();
  const int replaced = third.get();
  third = std::move(second);
  CHECK_FALSE(is_open(replaced));
  CHECK(third.get() == number);
  CHECK(is_open(number));
}

TEST_CASE("assigning an owner to itself keeps the descriptor", "[unique_fd]") {
  auto fd = some_fd();
  auto& same = fd;
  fd = std::move(same);
  CHECK(is_open(fd.get()));
}

TEST_CASE("reset closes once", "[unique_fd]") {
  auto fd = some_fd();
  const int number = fd.get();
  fd.reset();
  CHECK_FALSE(is_open(number));
  CHECK_FALSE(static_cast<bool>(fd));
  const auto reused = some_fd();  // may get the same number
  fd.reset();
  CHECK(is_open(reused.get()));
}

TEST_CASE("descriptor 0 counts as one", "[unique_fd]") {
  UniqueFd none;
  CHECK_FALSE(static_cast<bool>(none));
  const int saved = ::dup(0);
  UniqueFd zero(0);
  CHECK(static_cast<bool>(zero));
  zero.reset();
  if (saved >= 0) {
    ::dup2(saved, 0);
    ::close(saved);
  }
}

TEST_CASE("what was released is not closed", "[unique_fd]") {
  int number = -1;
  {
    auto fd = some_fd();
    number = fd.release();
    CHECK_FALSE(static_cast<bool>(fd));
  }
  CHECK(is_open(number));
  CHECK(static_cast<bool>(UniqueFd(number)));
  CHECK_FALSE(is_open(number));
}
