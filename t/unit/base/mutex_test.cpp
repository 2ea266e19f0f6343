#include "mod_wsflow/base/mutex.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace wsflow::base;

namespace {

bool is_free(Mutex& mutex) {
  bool free = false;
  std::thread([&] {
    const MutexTryLock lock(mutex);
    if (lock) free = true;
  }).join();
  return free;
}

}  // namespace

TEST_CASE("a lock holds its mutex as long as it lives", "[mutex]") {
  Mutex mutex;
  CHECK(is_free(mutex));
  {
    const MutexLock lock(mutex);
    CHECK_FALSE(is_free(mutex));
  }
  CHECK(is_free(mutex));
}

TEST_CASE("a lock that found its mutex taken leaves it to its holder", "[mutex]") {
  Mutex mutex;
  {
    const MutexTryLock lock(mutex);
    CHECK(static_cast<bool>(lock));
    CHECK_FALSE(is_free(mutex));
    CHECK_FALSE(is_free(mutex));
  }
  CHECK(is_free(mutex));
}
