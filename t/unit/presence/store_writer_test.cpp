// The writer against a store that does what the test says.
#include "mod_wsflow/presence/store_writer.hpp"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "t/unit/support/child_process.hpp"
#include "t/unit/support/process_slot.hpp"
#include "t/unit/support/shared_segment.hpp"
#include "t/unit/support/wait.hpp"

using namespace wsflow;
using namespace std::chrono_literals;
using presence::Time;

struct wsflow_store_connection {};

namespace {

// A store whose calls the test sees and answers.
class FakeStore {
 public:
  enum class Mode { works, refuses, unreachable, hangs };

  void become(Mode mode, bool knows = true) {
    const std::lock_guard lock(mutex_);
    mode_ = mode;
    knows_ = knows;
    changed_.notify_all();
  }
  // Waits until `condition` holds of all batches that were taken so far.
  bool wait(const std::function<bool(const std::vector<std::string>&)>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return condition(taken_); });
  }
  bool wait_for(std::string_view part) {
    return wait([part](const auto& batches) {
      return std::ranges::any_of(batches,
                                 [part](const auto& batch) { return batch.find(part) != std::string::npos; });
    });
  }
  bool wait_calls(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return calls_ >= count; });
  }
  int calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  std::vector<std::string> taken() {
    const std::lock_guard lock(mutex_);
    return taken_;
  }

  static FakeStore* now;

  static const char* check(const char*) { return nullptr; }
  static wsflow_store_connection* open(const char*, wsflow_store_error error) {
    return now->connect(error) ? &connection_ : nullptr;
  }
  static int call(wsflow_store_connection*, wsflow_store_call, const char* json, wsflow_store_row* on_row,
                  void* context, wsflow_store_error error) {
    return now->take(json, on_row, context, error);
  }
  static void close(wsflow_store_connection*) {}
  static constexpr wsflow_presence_store kStore{&check, &open, &call, &close};

 private:
  bool connect(wsflow_store_error error) {
    const std::lock_guard lock(mutex_);
    if (mode_ != Mode::unreachable) return true;
    ++calls_;
    changed_.notify_all();
    std::string_view("no route").copy(error.text, error.size);
    error.text[8] = '\0';
    return false;
  }
  int take(const char* json, wsflow_store_row* on_row, void* context, wsflow_store_error error) {
    std::unique_lock lock(mutex_);
    ++calls_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return mode_ != Mode::hangs; });
    if (mode_ == Mode::refuses) {
      std::string_view("refused").copy(error.text, error.size);
      error.text[7] = '\0';
      return 1;
    }
    taken_.emplace_back(json);
    if (!std::exchange(knows_, true)) {
      const char* row[] = {"resync"};
      on_row(context, 1, row);
    }
    changed_.notify_all();
    return 0;
  }

  static inline wsflow_store_connection connection_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Mode mode_ = Mode::works;
  bool knows_ = false;
  int calls_ = 0;
  std::vector<std::string> taken_;
};
FakeStore* FakeStore::now = nullptr;

class Silent final : public base::LogSink {
 public:
  bool enabled(base::LogLevel, const void*) const noexcept override { return true; }
  void write(base::LogLevel, int id, int, std::string_view, const void*) noexcept override {
    const std::lock_guard lock(mutex_);
    ids_.push_back(id);
  }
  std::vector<int> ids() {
    const std::lock_guard lock(mutex_);
    return ids_;
  }

 private:
  std::mutex mutex_;
  std::vector<int> ids_;
};

struct Rig {
  explicit Rig(Time lease = 600'000'000, presence::ChangeSink* sink = nullptr) {
    FakeStore::now = &store;
    writer.emplace(presence::StoreSetup{.store = &FakeStore::kStore,
                                        .driver = "fake",
                                        .parameters = "",
                                        .node = "n",
                                        .process = 42,
                                        .lease = lease,
                                        .keeps_events = sink != nullptr},
                   registry, sink, *segment, process.recorder, log);
  }
  ~Rig() {
    store.become(FakeStore::Mode::works);
    if (writer) writer->stop(true, 20s);
  }
  presence::Interval* join(std::string_view key) {
    bool wakes = false;
    auto* interval = registry.join({.name = "l", .route = "", .grace = 0}, key, 5, wakes);
    if (wakes) writer->wake();
    return interval;
  }

  FakeStore store;
  Silent log;
  test::CountedProcess process;
  test::SharedSegment segment;
  presence::Registry registry{{1, 2}, 1000};
  std::optional<presence::StoreWriter> writer;
};

}  // namespace

TEST_CASE("the writer stores what has changed, and ends with the process", "[presence]") {
  Rig rig;
  REQUIRE(rig.writer->start());
  auto* interval = rig.join("ann");
  CHECK(rig.store.wait_for(R"("ann",5,null)"));
  // The store has it a moment before the writer knows.
  CHECK(test::eventually([&] { return rig.writer->view().stored_at != 0; }));
  bool wakes = false;
  rig.registry.leave(interval, 3, 9, wakes);
  rig.writer->stop(true, 20s);
  std::string all;
  for (const auto& batch : rig.store.taken()) all += batch;
  CHECK(all.find(R"("ann",5,9,0,1,3)") != std::string::npos);
  CHECK(rig.store.taken().back().find(R"("end":true)") != std::string::npos);
  CHECK(rig.process.count(metrics::kPresenceRows) == 2);
}

TEST_CASE("a writer whose process lives on says no end, and its heir goes on", "[presence]") {
  Rig rig;
  REQUIRE(rig.writer->start());
  rig.join("ann");
  CHECK(rig.store.wait_for("ann"));
  rig.writer->stop(false, 20s);
  for (const auto& batch : rig.store.taken()) CHECK(batch.find(R"("end")") == std::string::npos);
  presence::StoreWriter heir({.store = &FakeStore::kStore,
                              .driver = "fake",
                              .parameters = "",
                              .node = "n",
                              .process = 42,
                              .lease = 1'000'000,
                              .keeps_events = false},
                             rig.registry, nullptr, *rig.segment, rig.process.recorder, rig.log);
  heir.go_on_from(*rig.writer);
  const auto before = rig.store.taken().size();
  REQUIRE(heir.start());
  rig.join("bob");
  CHECK(rig.store.wait_for("bob"));
  heir.stop(true, 20s);
  const auto batches = rig.store.taken();
  for (auto i = before; i < batches.size(); ++i) CHECK(batches[i].find("ann") == std::string::npos);
}

TEST_CASE("a store that fails is tried again, and gets everything", "[presence]") {
  const auto mode = GENERATE(FakeStore::Mode::refuses, FakeStore::Mode::unreachable);
  Rig rig;
  rig.store.become(mode, false);
  REQUIRE(rig.writer->start());
  rig.join("ann");
  CHECK(rig.store.wait_calls(2));
  rig.join("bob");
  const auto view = rig.writer->view();
  CHECK(view.failing);
  CHECK(view.error == (mode == FakeStore::Mode::refuses ? "refused" : "no route"));
  CHECK(view.failing_since != 0);
  CHECK(rig.writer->failing());
  rig.store.become(FakeStore::Mode::works, false);
  CHECK(rig.store.wait_for("ann"));
  CHECK(rig.store.wait_for("bob"));
  rig.writer->stop(true, 20s);
  CHECK_FALSE(rig.writer->failing());
  CHECK(rig.process.count(metrics::kPresenceFailures) >= 2);
  CHECK(rig.log.ids() == std::vector<int>{453, 454});  // one line each
}

TEST_CASE("a store that has forgotten the process is told all that there is", "[presence]") {
  Rig rig(900'000);
  REQUIRE(rig.writer->start());
  for (const auto* key : {"ann", "bob"}) rig.join(key);
  CHECK(rig.store.wait_for("bob"));
  const auto before = rig.store.taken().size();
  rig.store.become(FakeStore::Mode::works, false);
  CHECK(rig.store.wait([&](const auto& batches) {
    std::string behind;
    for (auto i = before; i < batches.size(); ++i) behind += batches[i];
    return behind.find(R"("sync":2)") != std::string::npos && behind.find("ann") != std::string::npos &&
           behind.find("bob") != std::string::npos && behind.find(R"("sweep":true)") != std::string::npos;
  }));
  CHECK(rig.log.ids() == std::vector<int>{452});
}

TEST_CASE("an idle writer renews its lease", "[presence]") {
  Rig rig(600'000);
  REQUIRE(rig.writer->start());
  CHECK(rig.store.wait([](const auto& batches) { return batches.size() >= 4; }));
}

TEST_CASE("the store reports on all nodes while somebody looks, and else not", "[presence]") {
  Rig rig;
  REQUIRE(rig.writer->start());
  rig.join("ann");
  CHECK(rig.store.wait_for("ann"));
  for (const auto& batch : rig.store.taken()) CHECK(batch.find(R"("report")") == std::string::npos);
  rig.writer->view();
  CHECK(rig.store.wait_for(R"("report":true)"));
}

TEST_CASE("a dead process is reported once, but never the own one", "[presence]") {
  Rig rig;
  REQUIRE(rig.writer->start());
  rig.writer->report_dead(42, 1);
  rig.writer->report_dead(0, 1);
  rig.writer->report_dead(7, 33);
  CHECK(rig.store.wait_for(R"("dead":[[7,33]])"));
  rig.join("ann");
  CHECK(rig.store.wait_for("ann"));
  int reports = 0;
  for (const auto& batch : rig.store.taken()) reports += batch.find("dead") != std::string::npos ? 1 : 0;
  CHECK(reports == 1);
}

TEST_CASE("nobody waits for a store that hangs", "[presence]") {
  // In a process that may end while its thread still hangs.
  test::ChildProcess child([]() -> bool {
    auto& rig = *std::make_unique<Rig>().release();
    rig.store.become(FakeStore::Mode::hangs);
    if (!rig.writer->start()) return false;
    rig.join("ann");
    if (!rig.store.wait_calls(1) || rig.writer->view().asked_at == 0) return false;
    rig.writer->stop(true, 50ms);
    const bool told = rig.log.ids() == std::vector<int>{451} && !rig.writer->start();
    rig.store.become(FakeStore::Mode::works);
    const bool stored = rig.store.wait_for(R"("end":true)");
    ::_exit(told && stored ? 0 : 1);
  });
  CHECK(child.ended_well());
}

TEST_CASE("changes are asked for by the process whose turn it is, and by no other", "[presence]") {
  struct Deaf final : presence::ChangeSink {
    std::size_t tell(std::span<const presence::Change>) noexcept override { return 0; }
  } sink;
  Rig rig(600'000'000, &sink);
  REQUIRE(rig.writer->start());
  CHECK(rig.store.wait_for(R"("take":500)"));
  for (int number = 0;; ++number) {
    // Another process has its turn; this one may come too late to see that on a machine that is slow.
    const auto turn = base::now().time_since_epoch().count() + 500;
    rig.segment->next_tell_ms.store(turn);
    const auto key = "u" + std::to_string(number);
    rig.join(key);
    CHECK(rig.store.wait_for(key));
    if (rig.segment->next_tell_ms.load() != turn) continue;
    const auto taken = rig.store.taken();
    const auto batch =
        std::ranges::find_if(taken, [&](const auto& text) { return text.find(key) != std::string::npos; });
    CHECK(batch->find(R"("take":0)") != std::string::npos);
    break;
  }
}
