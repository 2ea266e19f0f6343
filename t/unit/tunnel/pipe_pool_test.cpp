#include "mod_wsflow/tunnel/pipe_pool.hpp"

#include <catch2/catch.hpp>
#include <deque>

#include "mod_wsflow/tunnel/byte_queue.hpp"
#include "t/unit/support/sockets.hpp"

using namespace wsflow;
using tunnel::ByteQueue;
using tunnel::PipePool;

namespace {

void fill(os::SplicePipe& pipe, const test::Bytes& bytes) {
  const auto pair = test::socket_pair();
  REQUIRE(test::send_all(pair.peer.get(), bytes));
  while (pipe.size() < bytes.size()) REQUIRE(pipe.fill(pair.ours.get(), bytes.size()).status == os::Io::ok);
}
std::vector<int> descriptors(const PipePool& pool) {
  std::vector<int> all;
  pool.add_descriptors(all);
  return all;
}
test::Bytes content(const ByteQueue& queue) {
  return {queue.front().begin(), queue.front().end()};
}

}  // namespace

TEST_CASE("an empty pipe that comes back is lent again, one with bytes is closed", "[pipe_pool]") {
  const auto before = test::open_descriptors();
  PipePool pool;
  CHECK(descriptors(pool).empty());
  int reader = -1;
  {
    const auto lease = pool.borrow();
    REQUIRE(lease);
    reader = lease->reader();
  }
  CHECK(descriptors(pool).size() == 2);
  {
    const auto lease = pool.borrow();
    CHECK(lease->reader() == reader);
    fill(*lease, test::bytes_of("abc"));
  }
  CHECK(descriptors(pool).empty());
  CHECK(test::open_descriptors() == before);
  CHECK(pool.borrow()->empty());
}

TEST_CASE("two that need a pipe at the same time get two", "[pipe_pool]") {
  PipePool pool;
  const auto one = pool.borrow();
  const auto two = pool.borrow();
  CHECK(one->reader() != two->reader());
  CHECK(descriptors(pool).size() == 4);
}

TEST_CASE("when all are lent, the bytes that have waited longest move to memory", "[pipe_pool]") {
  PipePool pool;
  std::deque<ByteQueue> queues(PipePool::kPipes);
  for (std::size_t i = 0; i < queues.size(); ++i) {
    auto lease = pool.borrow();
    REQUIRE(lease);
    fill(*lease, test::pattern(1000, static_cast<unsigned>(i)));
    queues[i].hold(std::move(lease));
    if (i == 0) queues[i].append(test::bytes_of("behind"));
  }
  CHECK(queues[0].size() == 1006);
  CHECK_FALSE(queues[0].all_in_pipe());
  CHECK(queues[1].all_in_pipe());
  {
    const auto lease = pool.borrow();
    REQUIRE(lease);
    CHECK(lease->empty());
    auto all = test::pattern(1000, 0);
    test::append(all, test::bytes_of("behind"));
    CHECK(queues[0].pipe() == nullptr);
    CHECK(content(queues[0]) == all);
    CHECK(queues[0].size() == 1006);
    CHECK(queues[1].pipe() != nullptr);
    const auto another = pool.borrow();
    CHECK(queues[1].pipe() == nullptr);
    CHECK(content(queues[1]) == test::pattern(1000, 1));
  }
  CHECK(descriptors(pool).size() == PipePool::kDescriptors);
}

TEST_CASE("pipes without a holder are not taken away", "[pipe_pool]") {
  PipePool pool;
  std::vector<PipePool::Lease> all;
  for (std::size_t i = 0; i < PipePool::kPipes; ++i) all.push_back(pool.borrow());
  CHECK_FALSE(pool.borrow());
  all.pop_back();
  CHECK(pool.borrow());
}

TEST_CASE("a queue that is dropped gives its pipe back", "[pipe_pool]") {
  PipePool pool;
  {
    ByteQueue queue;
    auto lease = pool.borrow();
    fill(*lease, test::bytes_of("abc"));
    queue.hold(std::move(lease));
    CHECK(queue.size() == 3);
    queue.append(test::bytes_of("def"));
    CHECK(queue.size() == 6);
    queue.clear();
    CHECK(queue.empty());
    CHECK(queue.pipe() == nullptr);
  }
  CHECK(descriptors(pool).empty());
}
