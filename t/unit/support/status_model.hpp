#pragma once

#include "mod_wsflow/metrics/rates.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::test {

// What a client may try to say, cut off in the middle of a character.
inline constexpr const char* kHostile = "</script>\"\\\n\x01<&'\xE2\x82";

// A limit in which everything has happened: changed, automatic, with keys that clients have chosen.
inline limits::LimitView busy_limit() {
  limits::LimitView view{};
  view.name = "app";
  view.configured = true;
  view.defined.settings = {.concurrency = 20, .queue = 40, .rate = 10, .burst = 10};
  view.defined.acquire = 2'000'000;
  view.defined.ramp = 30'000'000;
  view.defined.least = 5;
  view.defined.most = 50;
  view.defined.keyed = true;
  view.defined.applies = limits::Applies::tunnels;
  view.now = {.concurrency = 24, .queue = 41, .rate = 0.5, .burst = 11};
  view.in_use = 18;
  view.waiting = 3;
  view.keys = 2;
  view.peak = 7;
  view.arrivals = 5000;
  view.admitted = 4600;
  view.waited = 212;
  for (std::size_t i = 0; i < limits::kReasons; ++i) view.refused[i] = 10 + i;
  view.dry_refused = 99;
  view.keys_ignored = 98;
  view.released = 4582;
  for (int i = 0; i < 100; ++i) view.waits.add(400'000);
  view.gradient.why = limits::Gradient::Why::slower;
  view.gradient.before = 25;
  view.gradient.after = 24;
  view.gradient.sample_rtt = 300'000;
  view.gradient.min_rtt = 150'500;
  view.gradient.gradient = 0.75;
  view.ramp_share = 0.55;
  view.arrival_rate = 20.1;
  view.admission_rate = 19.8;
  view.release_rate = 19.7;
  view.refusal_rate = 0.3;
  view.held_mean = 1.14;
  view.held_p95 = 1.9;
  view.need = {.known = limits::Need::Known::about,
               .permits = 22.914,
               .most = 24,
               .now = 21,
               .held = 18.25,
               .refused = 4.664,
               .window = 55};
  view.top_keys.push_back(
      {.text = kHostile, .hash = 0xAB, .in_use = 2, .waiting = 1, .peak = 7, .admitted = 50, .refused = 6});
  view.top_keys.push_back(
      {.text = "", .hash = 0xCD, .in_use = 0, .waiting = 0, .peak = 0, .admitted = 0, .refused = 0});
  return view;
}

// One that was never needed, and is not configured any more.
inline limits::LimitView idle_limit() {
  limits::LimitView view{};
  view.name = "old";
  view.now.concurrency = 4;
  view.ramp_share = 1;
  return view;
}

// One that nodes share, of which this node has a part.
inline limits::LimitView shared_limit() {
  limits::LimitView view{};
  view.name = "wide";
  std::string_view("all").copy(view.defined.cluster, sizeof view.defined.cluster - 1);
  view.configured = true;
  view.now = {.concurrency = 100, .queue = 0, .rate = 50, .burst = 50};
  view.ramp_share = 1;
  view.in_use = 11;
  view.defined.floor = 3;
  view.share.nodes = 2;
  view.share.limit = 90;
  view.share.others = 70;
  view.share.permits_lacking = 5;
  view.share.burst = 50;
  view.share.units = 30;
  view.share.unit_others = 15;
  view.share.rate = 50;
  view.usable = {.permits = 17, .pace = {.rate = 30, .burst = 30}, .by_floor = false};
  view.lease_left = 6'500'000;
  return view;
}

// One of which nodes share each key.
inline limits::LimitView limit_with_shared_keys() {
  auto view = shared_limit();
  view.name = "each";
  view.defined.keyed = true;
  view.share.keys_shared = 12;
  view.share.keys_asked = 34;
  view.share.keys_denied = 5;
  return view;
}

inline constexpr std::int64_t kClock_us = 5'000'000'000;  // of base::now_us(), when the model was made

// Two tunnels: one of which all is known, and one whose texts are hostile.
inline shm::Page tunnel_page(std::int64_t now_us) {
  shm::Page page;
  page.tunnels.push_back(
      {.id = 0xAB,
       .pid = 101,
       .kind = shm::ProcessKind::keeper,
       .generation = 4,
       .started_us = 1'700'000'000'000'000,
       .began_us = kClock_us - 90'500'000,
       .client = "192.0.2.1:4711",
       .server = "www.example.org",
       .route = "/chat",
       .origin = "ws://127.0.0.1:9000",
       .user = "alice",
       .permit = limits::PermitRef::of(2),
       .traits = shm::trait::kClientTls | shm::trait::kOnWorker | shm::trait::kUser | shm::trait::kSlowClient,
       .active = 80,
       .bytes = {1001, 2002},
       .messages = {11, 22},
       .rtt_ms = {23, std::nullopt}});
  page.tunnels.push_back({.id = UINT64_MAX,
                          .pid = 100,
                          .kind = shm::ProcessKind::child,
                          .generation = 3,
                          .started_us = now_us + 1,
                          .began_us = kClock_us + 1,
                          .client = kHostile,
                          .server = kHostile,
                          .route = kHostile,
                          .origin = kHostile,
                          .user = kHostile,
                          .permit = {},
                          .traits = shm::trait::kOriginTls | shm::trait::kUser,
                          .active = 0,
                          .bytes = {UINT64_MAX, 0},
                          .messages = {0, UINT64_MAX},
                          .rtt_ms = {std::nullopt, 0}});
  page.matched = 66;
  page.total = 77;
  return page;
}

// One route with an origin, the handshakes of it that reached none, and one of hostile texts.
inline std::vector<shm::RouteView> route_views() {
  shm::RouteView none{.number = 1, .server = "www.example.org", .route = "/chat", .origin = ""};
  none.refused = 5;
  none.refused_by[static_cast<std::size_t>(base::HandshakeRefusal::limit)] = 5;
  none.drained = true;
  shm::RouteView chat{
      .number = 2, .server = "www.example.org", .route = "/chat", .origin = "ws://127.0.0.1:9000"};
  chat.active = 2;
  chat.opened = 40;
  chat.handshake_mean = 0.0125;
  chat.handshake_us = 500'000;
  chat.bytes = {5001, 6002};
  chat.messages = {51, 62};
  chat.closes[0][0] = 7;
  shm::RouteView hostile{.number = 3, .server = kHostile, .route = kHostile, .origin = kHostile};
  hostile.opened = 1;
  hostile.handshake_mean = 1;
  hostile.handshake_us = 1'000'000;
  hostile.bytes = {1, 1};
  hostile.messages = {1, 1};
  return {none, chat, hostile};
}

// A sample each five seconds until `now_us`: ten tunnels, five refusals and a megabyte each way more from one
// to the next, and ten handshakes of 20 to 50 ms.
inline std::vector<shm::Sample> samples(std::int64_t now_us, std::size_t count = 20) {
  std::vector<shm::Sample> result(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& sample = result[i];
    sample.at_us = now_us - static_cast<std::int64_t>(count - 1 - i) * shm::kSampleSpan_us;
    const auto set = [&](metrics::Sampled what, std::uint64_t value) {
      sample.values[static_cast<std::size_t>(what)] = value;
    };
    set(metrics::Sampled::active, 20 + i % 5);
    set(metrics::Sampled::opened, 10 * i);
    set(metrics::Sampled::refused, 5 * i);
    set(metrics::Sampled::limit_refused, 15 * i);
    set(metrics::Sampled::bytes_to_origin, 1'000'000 * i);
    set(metrics::Sampled::bytes_to_client, 2'000'000 * i);
    set(metrics::Sampled::joins, 20 * i);
    set(metrics::Sampled::leaves, 25 * i);
    const auto bucket = static_cast<std::size_t>(metrics::Sampled::handshake_bucket) +
                        metrics::bucket(metrics::kHandshakes, 50'000);
    sample.values[bucket] = 10 * i;
    set(metrics::Sampled::handshake_longest, 50'000);
  }
  return result;
}

// A child, a keeper and two tunnels, two limits, routes, a history, and a different number in every counter.
inline status::Model status_model() {
  status::Model model;
  model.version = "1.2.3";
  model.server = "Apache/2.4 <\"&'\\> test";
  model.host = "www.example.org";
  model.started = 1'700'000'000 - 3600;
  model.up_s = 3660;
  model.reloaded = 1'700'000'000;
  model.generation = 4;
  for (std::uint32_t i = 0; i < 2; ++i) {
    auto& process = model.snapshot.processes.emplace_back();
    process.pid = 100 + i;
    process.kind = i == 0 ? shm::ProcessKind::child : shm::ProcessKind::keeper;
    process.generation = 3 + i;
    process.started = 1700000000 + i;
    process.began_us = kClock_us - 90'500'000 + i * 1'000'000;
    process.active = 10 + i;
    process.active_worker = 1 + i;
    process.max_tunnels = 9000;
    process.buffered = 65536 + i;
    process.descriptors = 40 + i;
    process.descriptors_most = 1024;
    process.counters = {};
    for (std::size_t counter = 0; counter < metrics::kCounters; ++counter)
      process.counters[counter] = counter + i;
  }
  model.snapshot.sums = {};
  for (std::size_t counter = 0; counter < metrics::kCounters; ++counter) {
    model.snapshot.sums[counter] = 1000 + 2 * counter + 1;
  }
  model.snapshot.sums[metrics::kLongestHandshake] = 30'000'000;
  model.snapshot.sums[metrics::kLongestTunnel] = 86'400'000;
  model.snapshot.sums[metrics::kLongestWait] = 2'000'000;
  model.now_us = 1'700'000'090'500'000;
  model.clock_us = kClock_us;
  model.connections = tunnel_page(model.now_us);
  model.keys = {{{"app", "192.0.2.1"}}, {{"app", kHostile}}};
  model.routes = route_views();
  model.history = samples(model.now_us);
  model.limits = {busy_limit(), idle_limit()};
  model.members = {{.balancer = "balancer://pool",
                    .worker = "ws://127.0.0.1:9000",
                    .tunnels = 40,
                    .requests = 3,
                    .elsewhere = 41,
                    .since = kClock_us / 1000 - 12'999},
                   {.balancer = kHostile, .worker = kHostile, .since = -1},
                   {.balancer = "balancer://pool", .worker = "ws://127.0.0.1:9001"}};
  model.origins = {
      {.balancer = "", .worker = "ws://127.0.0.1:9000", .state = status::OriginState::up, .busy = 3},
      {.balancer = "balancer://pool", .worker = "ws://127.0.0.1:9001"}};
  model.workers = {.busy = 7, .idle = 18, .most = 150};
  model.nonce = "0123456789abcdef0123456789abcdef";
  return model;
}

}  // namespace wsflow::test
