#include "mod_wsflow/tunnel/worker_bounds.hpp"

#include <catch2/catch.hpp>

using wsflow::tunnel::worker_bounds;

TEST_CASE("half of the threads", "[worker_bounds]") {
  const auto bounds = worker_bounds(25, 37);
  CHECK(bounds.process == 12);
  CHECK(bounds.streams == 12);
}

TEST_CASE("without HTTP/2 its threads do not count", "[worker_bounds]") {
  CHECK(worker_bounds(64, 0).process == 32);
  CHECK(worker_bounds(64, 0).streams == 32);
}

TEST_CASE("few threads of HTTP/2 are few for its streams only", "[worker_bounds]") {
  const auto bounds = worker_bounds(25, 4);
  CHECK(bounds.process == 12);
  CHECK(bounds.streams == 2);
}

TEST_CASE("one is always let in", "[worker_bounds]") {
  const auto bounds = worker_bounds(1, 1);
  CHECK(bounds.process == 1);
  CHECK(bounds.streams == 1);
}
