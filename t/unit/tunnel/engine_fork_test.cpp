#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "mod_wsflow/os/descriptors.hpp"
#include "mod_wsflow/os/wait.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/engine_rig.hpp"
#include "t/unit/support/peer.hpp"

using namespace wsflow;
using test::Ended;
using test::EngineRig;

namespace {

constexpr base::Millis kPatience{20'000};

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    reader = base::UniqueFd(ends[0]);
    writer = base::UniqueFd(ends[1]);
  }
  bool say(char word) const { return ::write(writer.get(), &word, 1) == 1; }
  // The next byte; 0 if none comes.
  char hear() const {
    char word = 0;
    return os::wait_readable({reader.get()}, kPatience) && ::read(reader.get(), &word, 1) == 1 ? word : '\0';
  }

  base::UniqueFd reader;
  base::UniqueFd writer;
};

using Tunnels = std::vector<std::unique_ptr<tunnel::Tunnel>>;

// The process that continues a child's engine. It has only the descriptors that the engine needs.
bool go_on(EngineRig& rig, std::size_t tunnels, const Pipe& report) {
  const os::Wakeup bell;
  auto keep = rig.engine.descriptors();
  for (const int fd : {STDERR_FILENO, report.writer.get(), bell.fd()}) keep.push_back(fd);
  os::close_all_except(keep);
  rig.engine.set_idle_bell(bell);
  if (!rig.engine.start() || !report.say('s')) return false;
  while (rig.process.ended() < tunnels) {
    if (!os::wait_readable({bell.fd()}, kPatience)) return false;
    bell.clear();
  }
  rig.engine.stop();
  return rig.all_ended() && rig.process.count(metrics::kTunnelsOpened) == tunnels && report.say('e');
}

// The process of a child: it pauses, forks and ends when told. The last tunnel comes in the pause.
bool run_child(Tunnels& tunnels, const Pipe& order, const Pipe& report, std::size_t pipes = 0) {
  EngineRig rig(2);
  const auto own = rig.engine.descriptors().size();
  if (!rig.engine.start()) return false;
  for (std::size_t i = 0; i + 1 < tunnels.size(); ++i) {
    if (!rig.engine.adopt(tunnels[i])) return false;
  }
  if (order.hear() != 'f') return false;
  rig.engine.pause();
  if (rig.engine.descriptors().size() < own + 2 * (tunnels.size() - 1) + 2 * pipes) return false;
  if (!rig.engine.adopt(tunnels.back())) return false;
  const auto pid = ::fork();
  if (pid == 0) ::_exit(go_on(rig, tunnels.size(), report) ? 0 : 1);
  ::_exit(pid > 0 ? 0 : 1);
}

bool act(std::vector<test::Flow>& flows, std::size_t part) {
  for (auto& flow : flows) flow.act(part);
  return std::all_of(flows.begin(), flows.end(), [&](const auto& flow) {
    return flow.arrived.bytes.size() >= std::min(part, flow.bytes.size());
  });
}

}  // namespace

TEST_CASE("a forked process carries the tunnels of its parent on", "[engine][fork]") {
  const bool tls = GENERATE(false, true);
  constexpr std::size_t kHalfClosed = 4;
  constexpr std::size_t kIdle = 5;
  constexpr std::size_t kLate = 6;
  std::vector<test::Peers> all(kLate + 1);
  Tunnels tunnels;
  for (auto& peers : all) tunnels.push_back(test::make_tunnel(peers, tls));
  const Pipe order;
  Pipe report;
  test::ChildProcess child([&] {
    all.clear();
    report.reader.reset();
    return run_child(tunnels, order, report);
  });
  tunnels.clear();
  report.writer.reset();

  std::vector<test::Flow> flows;
  for (std::size_t i = 0; i < kIdle; ++i) {
    const std::size_t to_origin = i == kHalfClosed ? 20'000 : 400'000;
    flows.push_back({all[i].client, all[i].origin, test::pattern(to_origin, 1)});
    flows.push_back({all[i].origin, all[i].client, test::pattern(400'000, 2)});
  }
  REQUIRE(test::eventually([&] { return act(flows, 30'000); }));
  all[kHalfClosed].client.end_stream();
  auto& half_closed = flows[2 * kHalfClosed];
  REQUIRE(test::eventually([&] { return half_closed.act(), half_closed.arrived.ended == Ended::eof; }));

  REQUIRE(order.say('f'));
  // The traffic goes on, and the idle and new tunnels begin.
  for (const auto i : {kIdle, kLate}) {
    flows.push_back({all[i].client, all[i].origin, test::pattern(50'000, 3)});
    flows.push_back({all[i].origin, all[i].client, test::pattern(50'000, 4)});
  }
  CHECK(test::eventually([&] { return act(flows, SIZE_MAX); }));
  for (const auto& flow : flows) CHECK(flow.arrived.bytes == flow.bytes);
  CHECK(child.ended_well());
  CHECK(report.hear() == 's');
  for (const auto& flow : flows) CHECK((flow.arrived.ended == Ended::eof) == (&flow == &half_closed));

  all.clear();
  CHECK(report.hear() == 'e');
}

TEST_CASE("bytes in a pipe survive the fork", "[engine][fork]") {
  std::vector<test::Peers> all(2);
  Tunnels tunnels;
  for (auto& peers : all) tunnels.push_back(test::make_tunnel(peers, false));
  const Pipe order;
  Pipe report;
  test::ChildProcess child([&] {
    all.clear();
    report.reader.reset();
    return run_child(tunnels, order, report, 1);
  });
  tunnels.clear();
  report.writer.reset();

  // The client reads nothing until the tunnel takes no more.
  test::Bytes frames;
  for (int i = 0; i < 30; ++i)
    test::append(frames,
                 test::frame(ws::Opcode::binary, true, test::pattern(60'000, static_cast<unsigned>(i))));
  std::size_t sent = 0;
  unsigned quiet = 0;
  REQUIRE(test::eventually([&] {
    const auto more = all[0].origin.send_some(std::span(frames).subspan(sent));
    sent += more;
    quiet = more != 0 ? 0 : quiet + 1;
    return quiet == 50;
  }));
  REQUIRE(sent < frames.size());
  REQUIRE(order.say('f'));
  test::Bytes arrived;
  REQUIRE(test::eventually([&] {
    sent += all[0].origin.send_some(std::span(frames).subspan(sent));
    test::append(arrived, all[0].client.receive_some().bytes);
    return arrived.size() == frames.size();
  }));
  CHECK((arrived == frames));
  CHECK(child.ended_well());
  CHECK(report.hear() == 's');
  all.clear();
  CHECK(report.hear() == 'e');
}
