#include "mod_wsflow/tunnel/byte_queue.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>

#include "t/unit/support/assertion.hpp"
#include "t/unit/support/sockets.hpp"

using wsflow::test::bytes_of;
using wsflow::test::pattern;
using wsflow::tunnel::ByteQueue;

namespace {

wsflow::test::Bytes content(const ByteQueue& queue) {
  const auto front = queue.front();
  return {front.begin(), front.end()};
}

}  // namespace

TEST_CASE("an empty queue owns no buffer", "[byte_queue]") {
  ByteQueue queue;
  CHECK(queue.empty());
  CHECK(queue.front().data() == nullptr);
  queue.append({});
  CHECK(queue.front().data() == nullptr);
  queue.append(bytes_of("abc"));
  CHECK(queue.front().data() != nullptr);
  queue.pop(3);
  CHECK(queue.front().data() == nullptr);
  queue.append(bytes_of("abc"));
  queue.clear();
  CHECK(queue.empty());
  CHECK(queue.front().data() == nullptr);
  queue.clear();
}

TEST_CASE("bytes come out in the order in which they went in", "[byte_queue]") {
  ByteQueue queue;
  queue.append(bytes_of("abc"));
  queue.append(bytes_of("def"));
  CHECK(content(queue) == bytes_of("abcdef"));
  queue.pop(2);
  CHECK(content(queue) == bytes_of("cdef"));
  queue.append(bytes_of("g"));
  CHECK(content(queue) == bytes_of("cdefg"));
  CHECK(queue.size() == 5);
  queue.pop(0);
  CHECK(queue.size() == 5);
}

TEST_CASE("the queue is the same as a plain one over any sequence of changes", "[byte_queue]") {
  ByteQueue queue;
  std::deque<std::uint8_t> model;
  unsigned state = 1;
  const auto next = [&](unsigned most) {
    state = state * 1664525U + 1013904223U;
    return (state >> 8U) % (most + 1);
  };
  for (int step = 0; step < 3000; ++step) {
    const auto piece = pattern(next(step % 100 == 0 ? 70000 : 700), static_cast<unsigned>(step));
    queue.append(piece);
    model.insert(model.end(), piece.begin(), piece.end());
    const auto count =
        step % 10 == 9 ? model.size() : next(static_cast<unsigned>(std::min<std::size_t>(model.size(), 900)));
    queue.pop(count);
    model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(count));
    REQUIRE(queue.size() == model.size());
    REQUIRE(std::equal(model.begin(), model.end(), queue.front().begin()));
  }
}

#ifdef WSFLOW_ASSERTS
TEST_CASE("no more is taken off a queue than it holds", "[byte_queue][assert]") {
  ByteQueue queue;
  queue.append(bytes_of("four"));
  CHECK(wsflow::test::asserts_in("byte_queue.cpp", [&] { queue.pop(5); }));
}
#endif
