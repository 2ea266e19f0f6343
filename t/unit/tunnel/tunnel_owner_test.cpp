// Debug builds abort on a wrong owner of a tunnel or loop, and on a lease that outlives its admission.
#include <catch2/catch.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "mod_wsflow/tunnel/byte_queue.hpp"
#include "t/unit/support/assertion.hpp"
#include "t/unit/support/engine_rig.hpp"

using namespace wsflow;
using test::EngineRig;

#ifdef WSFLOW_ASSERTS

namespace {

// Runs `body` with an engine whose loop has a tunnel.
template <class Body>
void with_running_loop(Body&& body) {
  EngineRig rig;
  if (!rig.engine.start()) return;
  const auto ends = rig.open();
  if (test::eventually([&] { return rig.process.slot.active == 1; })) body(rig);
}

}  // namespace

TEST_CASE("a thread that does not own a tunnel cannot use it", "[tunnel][assert]") {
  const auto misuse = [](auto&& use) {
    return test::asserts_in("mod_wsflow/tunnel/tunnel", [&] {
      const test::CountedProcess process;
      test::Ends ends;
      const auto tunnel = EngineRig::make_tunnel(ends);
      std::thread([&] { use(*tunnel); }).join();
    });
  };
  std::uint8_t buffer[100];
  test::CountedProcess process;
  CHECK(misuse([](auto& tunnel) { tunnel.begin_turn(base::now(), false); }));
  CHECK(misuse([&](auto& tunnel) { tunnel.preload(tunnel::Side::client, buffer, process.recorder); }));
  CHECK(misuse([&](auto& tunnel) { tunnel.relay(tunnel::Side::client, buffer, 100, process.recorder); }));
  CHECK(misuse([](auto& tunnel) { tunnel.settle(); }));
  CHECK(misuse([](auto& tunnel) { tunnel.begin_close({1001, 1001}, 1, base::Outcome::server_stop); }));
  CHECK(misuse([](auto& tunnel) { tunnel.cut_off(); }));
}

TEST_CASE("the thread that begins a tunnel owns it from then on", "[tunnel][assert]") {
  test::Ends ends;
  const auto tunnel = EngineRig::make_tunnel(ends);
  std::thread([&] {
    tunnel->begin(base::now());
    tunnel->begin_turn(base::now(), false);
  }).join();
  CHECK(test::asserts_in("tunnel.hpp", [&] { tunnel->begin_turn(base::now(), false); }));
}

TEST_CASE("nobody touches a loop that runs", "[engine][assert]") {
  CHECK(test::asserts_in("event_loop.cpp",
                         [] { with_running_loop([](EngineRig& rig) { rig.engine.descriptors(); }); }));
  CHECK(test::asserts_in("event_loop.hpp", [] {
    with_running_loop([](EngineRig& rig) { rig.engine.set_idle_bell(os::Wakeup()); });
  }));
}

TEST_CASE("a loop is run by one thread, and dies when none runs it", "[engine][assert]") {
  const auto run_two = [](bool second) {
    test::CountedProcess process;
    test::LogLines log;
    const auto bio_method = os::make_stream_bio_method();
    std::optional<tunnel::EventLoop> loop(std::in_place, bio_method.get(), base::Millis(20), process.recorder,
                                          log, 0, base::wall_ahead);
    test::Ends ends;
    auto tunnel = EngineRig::make_tunnel(ends);
    loop->inbox().post(tunnel);
    std::thread first([&] { loop->run(); });
    if (!test::eventually([&] { return process.slot.active == 1; })) return;
    if (second) loop->run();
    loop.reset();
  };
  CHECK(test::asserts_in("thread_owner.hpp", [&] { run_two(true); }));
  CHECK(test::asserts_in("event_loop.cpp", [&] { run_two(false); }));
}

TEST_CASE("a place that outlives its admission is found", "[admission][assert]") {
  CHECK(test::asserts_in("admission.hpp", [] {
    std::optional<tunnel::Admission> admission(2);
    const auto lease = admission->enter();
    admission.reset();
  }));
  CHECK(test::asserts_in("admission.hpp", [] {
    std::optional<tunnel::Admission> admission(2);
    const auto seat = admission->wait();
    admission.reset();
  }));
}

#endif
