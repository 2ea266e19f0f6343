#include "mod_wsflow/base/thread_owner.hpp"

#include <catch2/catch.hpp>
#include <thread>
#include <type_traits>

#include "t/unit/support/assertion.hpp"

using namespace wsflow;

#ifdef WSFLOW_ASSERTS
TEST_CASE("the owner is the thread that was noted last, until it is cleared", "[assert][thread_owner]") {
  base::ThreadOwner owner;
  CHECK(owner.none());
  CHECK_FALSE(owner.here());
  owner.set();
  CHECK(owner.here());
  CHECK_FALSE(owner.none());
  std::thread([&] {
    CHECK_FALSE(owner.here());
    owner.set();
    CHECK(owner.here());
  }).join();
  CHECK_FALSE(owner.here());
  owner.clear();
  CHECK(owner.none());
}

TEST_CASE("a scope owns an object alone", "[assert][thread_owner]") {
  base::ThreadOwner owner;
  {
    const base::OwnedByThisThread scope(owner);
    CHECK(owner.here());
    CHECK(test::asserts_in("thread_owner.hpp", [&] { const base::OwnedByThisThread second(owner); }));
  }
  CHECK(owner.none());
}
#else
TEST_CASE("a release build notes no owner", "[assert][thread_owner]") {
  static_assert(std::is_empty_v<base::ThreadOwner>);
  const base::ThreadOwner owner;
  std::thread([&] { CHECK((owner.here() && owner.none())); }).join();
}
#endif
