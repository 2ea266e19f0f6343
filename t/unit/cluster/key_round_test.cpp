#include "mod_wsflow/cluster/key_round.hpp"

#include "mod_wsflow/cluster/key_script.hpp"
#include "mod_wsflow/limits/reap.hpp"
#include "mod_wsflow/limits/repair.hpp"
#include "mod_wsflow/limits/shared_keys.hpp"
#include "t/unit/support/key_rig.hpp"

using namespace wsflow;
using Rig = test::KeyRig;
using cluster::KeyAnswer;
using cluster::KeyEnd;
using cluster::KeyRequest;
using cluster::KeyTold;
using cluster::News;
using cluster::Settings;
using cluster::Turn;
using limits::kSecond;
using limits::LimitReason;
using limits::PermitState;
using limits::Waiting;
using test::shared;

TEST_CASE("the first handshake of a key waits for the answer, the next one needs none", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  const auto answer = rig.enter();
  REQUIRE(answer.state == PermitState::waiting);
  CHECK(answer.wait_until == rig.limits.now + test::kKeySettings.timeout);
  rig.ask(1, 300'000);
  const auto& asked = rig.request.keys[0];
  CHECK((asked.size == 5 && asked.permits == 0 && asked.held == 0 && asked.need == 1 && asked.asks));
  REQUIRE(rig.finish({{.permits = 3, .units = 0, .tokens = 0, .end = KeyEnd::met}}, 320'000));
  CHECK(rig.limits.holds(rig.limits.one, answer.permit));
  CHECK(rig.is_in());
  CHECK(rig.is_in());
  CHECK(rig.enter("ann", Waiting::never).refused.reason == LimitReason::concurrency);
  CHECK(rig.limits.faults().empty());
}

TEST_CASE("a key that the others use is refused when the answer says so", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  const auto waiting = rig.enter().permit;
  rig.ask(1, 300'000);
  std::vector<limits::PermitRef> denied;
  denied.reserve(1);
  rig.limits.one.look_after(std::array{waiting}, rig.limits.now, &denied);
  CHECK(denied.empty());
  REQUIRE(rig.finish({{.permits = 0, .units = 0, .tokens = 0, .end = KeyEnd::denied}}, 320'000));
  rig.limits.one.look_after(std::array{waiting}, rig.limits.now, &denied);
  REQUIRE(denied == std::vector{waiting});
  limits::LimitRefusal refused;
  REQUIRE(rig.limits.one.withdraw(waiting, LimitReason::timeout, rig.limits.now, refused));
  CHECK(refused.reason == LimitReason::concurrency);
  CHECK(rig.limits.table->limits[0].share.keys_denied == 1);
  CHECK(rig.limits.faults().empty());
}

TEST_CASE("a key that others only keep is asked for again, and a time without an answer is none of the queue",
          "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  const auto waiting = rig.enter().permit;
  rig.ask(1, 300'000);
  REQUIRE(rig.finish({{.permits = 0, .units = 0, .tokens = 0, .end = KeyEnd::recalled}}, 320'000));
  CHECK(rig.begin(350'000) == Turn::wait);
  rig.ask(1, 400'000);
  CHECK(rig.request.keys[0].asks);
  limits::LimitRefusal refused;
  REQUIRE(rig.limits.one.withdraw(waiting, LimitReason::timeout, rig.limits.now, refused));
  CHECK(refused.reason == LimitReason::concurrency);
  Rig other(shared({.concurrency = 5}));
  const auto unanswered = other.enter().permit;
  REQUIRE(other.limits.one.withdraw(unanswered, LimitReason::timeout, other.limits.now, refused));
  CHECK(refused.reason == LimitReason::no_share);
}

TEST_CASE("no more of a key wait for an answer than there can be permits; who may queue does",
          "[cluster_keys]") {
  Rig rig(shared({.concurrency = 2}));
  CHECK(rig.enter().state == PermitState::waiting);
  CHECK(rig.enter().state == PermitState::waiting);
  CHECK(rig.enter().state == PermitState::free);
  auto queued = shared({.concurrency = 2, .queue = 1});
  queued.acquire = 20 * kSecond;
  Rig other(queued);
  const auto first = other.enter();
  CHECK(first.wait_until == other.limits.now + 20 * kSecond);
  other.ask(1, 300'000);
  REQUIRE(other.finish({{.permits = 0, .units = 0, .tokens = 0, .end = KeyEnd::denied}}, 300'000));
  std::vector<limits::PermitRef> denied;
  denied.reserve(1);
  other.limits.one.look_after(std::array{first.permit}, other.limits.now, &denied);
  CHECK(denied.empty());
  CHECK(other.begin(350'000) == Turn::wait);
  other.ask(1, 1'500'000);  // asked for again
  REQUIRE(other.finish({{.permits = 1, .units = 0, .tokens = 0, .end = KeyEnd::met}}, 1'500'000));
  CHECK(other.limits.holds(other.limits.one, first.permit));
}

TEST_CASE("without a lease, and while the database settles, a key has the floor alone", "[cluster_keys]") {
  auto definition = shared({.concurrency = 5});
  definition.floor = 1;
  Rig rig(definition);
  rig.limits.table->cluster.keys.until = rig.boot - 1;
  CHECK(rig.is_in());
  CHECK(rig.enter().refused.reason == LimitReason::no_share);
  CHECK(rig.is_in("bob"));
  Rig settling(shared({.concurrency = 5}));
  REQUIRE(settling.begin(kSecond) == Turn::ask);
  REQUIRE(settling.finish({}, kSecond, {}, 2, false));
  CHECK(settling.enter().refused.reason == LimitReason::no_share);
}

TEST_CASE("what was let in by the floor is told of", "[cluster_keys]") {
  auto definition = shared({.concurrency = 5});
  definition.floor = 1;
  Rig rig(definition);
  rig.limits.table->cluster.keys.until = rig.boot - 1;
  CHECK(rig.is_in());
  rig.ask(1, 2 * kSecond);
  CHECK((rig.request.keys[0].held == 1 && rig.request.keys[0].permits == 0));
}

TEST_CASE("a key that holds nothing is given back after a second, and then forgotten", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  rig.limits.one.release(rig.first(3, 300'000), rig.limits.now);
  rig.ask(1, 400'000);  // what others were told a moment ago is not so any more
  CHECK((rig.request.keys[0].permits == 3 && rig.request.keys[0].need == 0));
  REQUIRE(rig.finish({{.permits = 3, .units = 0, .tokens = 0, .end = KeyEnd::met}}, 400'000));
  CHECK(rig.share().list == limits::KeyList::resting);
  const auto again = rig.enter();  // a page that is loaded again
  REQUIRE(again.state == PermitState::held);
  rig.ask(0, 2 * kSecond);
  REQUIRE(rig.finish({}, 2 * kSecond));
  CHECK(rig.share().list == limits::KeyList::quiet);
  rig.limits.one.release(again.permit, rig.limits.now);
  rig.ask(1, 3 * kSecond);
  CHECK((rig.request.keys[0].permits == 0 && rig.request.keys[0].need == 0 && rig.share().permits == 0));
  REQUIRE(rig.finish({{.permits = 0, .units = 0, .tokens = 0, .end = KeyEnd::met}}, 3 * kSecond));
  CHECK(rig.share().list == limits::KeyList::none);
  CHECK(rig.lease().tracked == 0);
  CHECK(rig.limits.table->limits[0].share.keys_shared == 0);
}

TEST_CASE("a key of which the database knows is not forgotten for another one", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}, 1));
  rig.limits.one.release(rig.first(3, 300'000), rig.limits.now);
  CHECK(rig.enter("bob").refused.reason == LimitReason::keys_full);
  rig.ask(1, 600'000);  // at once, as there is no room
  REQUIRE(rig.finish({{.permits = 0, .units = 0, .tokens = 0, .end = KeyEnd::met}}, 600'000));
  CHECK(rig.enter("bob").state == PermitState::waiting);
}

TEST_CASE("what another node needs is given back, but not what is in use", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  rig.first(3, 300'000);
  rig.ask(0, 600'000);
  REQUIRE(rig.finish({}, 600'000, {rig.name(), rig.name("bob"), "no name"}));
  rig.ask(1, 620'000);
  CHECK((rig.request.keys[0].permits == 1 && rig.request.keys[0].need == 1 && !rig.request.keys[0].asks));
  CHECK(rig.enter("ann", Waiting::never).state == PermitState::free);  // from here on
  REQUIRE(rig.finish({{.permits = 1, .units = 0, .tokens = 0, .end = KeyEnd::met}}, 620'000));
  CHECK(rig.enter().state == PermitState::waiting);
}

TEST_CASE("old news of a need are put right while others believe them", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  rig.first(5, 300'000);
  const auto second = rig.enter().permit;
  rig.limits.table->key_shares[0].need = 2;
  rig.limits.table->key_shares[0].told = limits::boot_time();
  rig.limits.one.release(second, rig.limits.now);
  CHECK(rig.share().list == limits::KeyList::asking);
  rig.ask(1, 600'000);
  CHECK((rig.request.keys[0].permits == 5 && rig.request.keys[0].need == 1 && !rig.request.keys[0].asks));
}

TEST_CASE("a share is used no longer than its term lasts", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  rig.first(3, 300'000);
  const auto before = rig.lease().until;
  CHECK(limits::valid_until(rig.lease(), rig.share()) == before);
  // The database has begun anew: what it was told before goes on to the end that it had.
  rig.ask(0, kSecond);
  REQUIRE(rig.finish({}, kSecond, {}, 7));
  CHECK(rig.lease().until > before);
  CHECK(limits::valid_until(rig.lease(), rig.share()) == before);
  // It is told again, ahead of all else.
  rig.ask(1, kSecond + 300'000);
  CHECK((rig.request.keys[0].permits == 3 && rig.request.keys[0].held == 1));
}

TEST_CASE("what was told two terms ago is over", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  rig.first(3, 300'000);
  rig.ask(0, kSecond);
  REQUIRE(rig.finish({}, kSecond, {}, 7));
  rig.limits.table->cluster.keys.lists[static_cast<int>(limits::KeyList::quiet)] = {};
  rig.ask(0, 2 * kSecond);
  REQUIRE(rig.finish({}, 2 * kSecond, {}, 8));
  CHECK(limits::valid_until(rig.lease(), rig.share()) == 0);
}

TEST_CASE("an answer for keys that comes late is not believed", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  const auto waiting = rig.enter().permit;
  rig.ask(1, 300'000);
  CHECK_FALSE(rig.finish({{.permits = 5, .units = 0, .tokens = 0, .end = KeyEnd::met}},
                         300'000 + cluster::margin(test::kKeySettings) + 1));
  CHECK_FALSE(rig.limits.holds(rig.limits.one, waiting));
  rig.ask(1, 3 * kSecond);  // said again
  CHECK(rig.request.keys[0].asks);
}

TEST_CASE("a quiet key is told again before the database forgets it", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  rig.first(3, 300'000);
  const auto keep = cluster::keep(test::kKeySettings);
  rig.ask(0, keep / 2 - kSecond);
  rig.ask(1, keep / 2 + kSecond);
  CHECK(rig.share().told + keep - cluster::margin(test::kKeySettings) >=
        limits::valid_until(rig.lease(), rig.share()));
}

TEST_CASE("a request has a bounded number of keys, the rest is in the next one", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}, 1000));
  for (int i = 0; i < 600; ++i) REQUIRE(rig.enter(std::to_string(i)).state == PermitState::waiting);
  const auto met = [](std::size_t keys) {
    return std::vector<KeyTold>(keys, {.permits = 3, .units = 0, .tokens = 0, .end = KeyEnd::met});
  };
  for (const std::size_t keys : {256U, 256U, 88U}) {
    const auto later = static_cast<limits::Micros>(keys) * 10 + rig.lease().asked - rig.boot + 300'000;
    rig.ask(keys, later);
    REQUIRE(rig.finish(met(keys), later));
  }
  CHECK(rig.limits.in_use(0) == 600);
  CHECK(rig.lease().tracked == 600);
  CHECK(rig.limits.faults().empty());
}

TEST_CASE("tokens are in the node's bucket or given back, never both", "[cluster_keys]") {
  Rig rig(shared({.rate = 4, .burst = 4}));
  const auto first = rig.enter().permit;
  rig.ask(1, 300'000);
  CHECK((rig.request.keys[0].burst == 4 && rig.request.keys[0].unit_need == 1 &&
         rig.request.keys[0].tokens == 0));
  rig.limits.now = limits::now();
  REQUIRE(rig.finish({{.permits = 0, .units = 3, .tokens = 2, .end = KeyEnd::met}}, 300'000));
  CHECK(rig.limits.holds(rig.limits.one, first));
  // One of two is used; the node's own part refills by three a second.
  rig.limits.one.release(first, limits::now());
  rig.ask(1, 1'500'000);
  CHECK(rig.request.keys[0].returned >= 1);
  CHECK(rig.request.keys[0].returned < 1.5);
  CHECK((rig.request.keys[0].units == 0 && rig.request.keys[0].tokens == 0));
  CHECK(rig.enter("ann", Waiting::never).refused.reason == LimitReason::rate);
}

TEST_CASE("a process that dies with the lock leaves keys that are told again", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  rig.first(3, 300'000);
  rig.first(2, 350'000, "bob");
  for (auto& list : rig.limits.table->cluster.keys.lists) list = {};
  rig.limits.table->cluster.keys.tracked = 9;
  {
    limits::Lock lock(*rig.limits.table, rig.limits.wakeups, 0);
    REQUIRE(lock);
    limits::repair(lock.table(), lock);
  }
  CHECK(rig.lease().tracked == 2);
  CHECK(rig.limits.table->limits[0].share.keys_shared == 2);
  rig.ask(2, kSecond);
  CHECK(rig.share(0).permits == 3);
  CHECK(rig.limits.faults().empty());
}

TEST_CASE("a limit that is gone gives its keys back before it is forgotten", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  rig.limits.one.release(rig.first(3, 300'000), rig.limits.now);
  REQUIRE(test::define(rig.limits.one, {}, 2, 10, rig.limits.now));
  CHECK(rig.limits.table->limits[0].used == limits::LimitRecord::kRetired);
  rig.ask(1, 2 * kSecond);
  CHECK(rig.request.keys[0].permits == 0);
  REQUIRE(rig.finish({{.permits = 0, .units = 0, .tokens = 0, .end = KeyEnd::met}}, 2 * kSecond));
  REQUIRE(test::define(rig.limits.one, {}, 3, 10, rig.limits.now));
  CHECK(rig.limits.table->limits[0].used == limits::LimitRecord::kFree);
}

TEST_CASE("a limit that nodes do not share any more forgets what it had there", "[cluster_keys]") {
  Rig rig(shared({.concurrency = 5}));
  rig.first(3, 300'000);
  const auto alone = std::vector{test::keyed(test::limit("x", {.concurrency = 5}))};
  REQUIRE(test::define(rig.limits.one, alone, 2, 10, rig.limits.now));
  CHECK(rig.lease().tracked == 0);
  const auto again = std::vector{shared({.concurrency = 5})};
  REQUIRE(test::define(rig.limits.one, again, 3, 10, rig.limits.now));
  CHECK(rig.lease().tracked == 1);
  CHECK(rig.share().permits == 0);
  CHECK(rig.limits.faults().empty());
}
