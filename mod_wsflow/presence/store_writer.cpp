#include "mod_wsflow/presence/store_writer.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/os/signal_mask.hpp"
#include "mod_wsflow/os/thread_name.hpp"
#include "mod_wsflow/os/wait.hpp"
#include "mod_wsflow/shm/turn.hpp"

namespace wsflow::presence {

namespace {

using base::LogLevel;

// Changes are gathered for so long: most of a page's sockets come at once, and a batch costs as much as many
// of its rows.
constexpr base::Millis kGather{200};
constexpr std::size_t kMostRows = 1000;
constexpr std::uint32_t kMostChanges = 500;
constexpr base::Millis kFirstRetry{500};
constexpr base::Millis kLastRetry{8000};
constexpr base::Millis kWarnInterval{60'000};
// Between two looks for changes to tell, of all processes of the node together.
constexpr base::Millis kTellInterval{500};
constexpr std::size_t kMostDead = 1000;
// For so long after somebody has looked the store reports what all nodes have.
constexpr base::Millis kReportSpan{60'000};
constexpr base::Millis kReportInterval{5000};

Time wall_now() noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

base::Millis millis(Time micros) noexcept {
  return std::chrono::duration_cast<base::Millis>(base::Micros(micros));
}

}  // namespace

namespace {

// Intervals are on their way as long as it lives.
class Way {
 public:
  Way(Registry& registry, const bool& stored) noexcept : registry_(registry), stored_(stored) {}
  ~Way() { registry_.sent(stored_); }
  Way(const Way&) = delete;
  Way& operator=(const Way&) = delete;

 private:
  Registry& registry_;
  const bool& stored_;
};

}  // namespace

// One batch.
struct StoreWriter::Round {
  bool ending;        // nothing is gathered: all that waits is sent
  bool tells;         // it is the turn of this process to tell changes
  bool last = false;  // the process ends with it
  std::size_t rows = 0;
  BatchAnswer answer{};
};

StoreWriter::StoreWriter(StoreSetup setup, Registry& registry, ChangeSink* sink, shm::Layout& segment,
                         metrics::Recorder& recorder, base::LogSink& log)
    : setup_(std::move(setup)),
      registry_(registry),
      sink_(sink),
      segment_(segment),
      recorder_(recorder),
      log_(log) {}

StoreWriter::~StoreWriter() = default;

bool StoreWriter::start() {
  if (left_alone_ || !bell_.valid() || !done_.valid()) return false;
  ending_.store(false);
  const os::BlockSignals blocked;
  thread_ = std::thread([this]() noexcept {
    try {
      run();
    } catch (const std::exception& failure) {
      log_.write(LogLevel::critical, 450, 0, failure.what(), nullptr);
    }
    done_.ring();
  });
  os::name_thread(thread_, "wsflow-store");
  return true;
}

void StoreWriter::stop(bool last, base::Millis patience) noexcept {
  if (thread_.joinable()) {
    last_.store(last);
    ending_.store(true);
    bell_.ring();
    if (os::wait_readable({done_.fd()}, patience)) {
      thread_.join();
      done_.clear();
      return;
    }
    thread_.detach();
    left_alone_ = true;
  }
  if (!left_alone_ || !last) return;
  log_.write(LogLevel::warning, 451, 0,
             "the presence store does not answer: the last changes of this process are not stored before its "
             "lease is over",
             nullptr);
}

void StoreWriter::report_dead(std::uint64_t process, Time at) noexcept {
  if (process == 0 || process == setup_.process) return;
  {
    const base::MutexLock lock(mutex_);
    try {
      // Whom nobody reports ends with its lease.
      if (dead_.size() < kMostDead) dead_.push_back({.process = process, .at = at});
    } catch (const std::exception&) {
      return;
    }
  }
  wake();
}

void StoreWriter::go_on_from(const StoreWriter& before) {
  sync_ = before.sync_;
  sweep_ = before.sweep_;
  known_ = before.known_;
  delivered_ = before.delivered_;
  registry_.sent(false);  // what was on its way when the child's thread was left alone
}

StoreView StoreWriter::view() {
  const bool first = !is_looked_at();
  looked_at_.store(base::now());
  if (first) wake();
  const base::MutexLock lock(mutex_);
  return view_;
}

// The store may keep the thread in one of them: those who wait are told by SearchQueue::end_waits().
void StoreWriter::search_all() {
  for (const auto& search : searches_.waiting()) {
    if (!connection_ && !connect()) return;
    std::vector<FoundSession> found;
    std::string error;
    if (!connection_->find(search_text(search->text, SearchQueue::kMostFound).c_str(), found)) {
      error = connection_->error();
      connection_.reset();
    }
    searches_.finish(search, std::move(found), std::move(error));
  }
}

// How long the thread may sleep.
base::Millis StoreWriter::pause(Time now, Time next_close) const noexcept {
  const auto clock = base::now();
  auto until = renew_at_;
  if (next_close != 0) until = std::min(until, clock + millis(next_close - now) + base::Millis{1});
  if (is_looked_at()) until = std::min(until, std::max(report_at_, clock));
  if (sink_ != nullptr) until = std::min(until, clock + kTellInterval);
  if (retry_after_.count() != 0) until = retry_at_;
  return std::max(base::Millis{0}, until - clock);
}

void StoreWriter::run() {
  for (;;) {
    auto now = wall_now();
    const auto next_close = registry_.close_held(now, ending_.load() && last_.load());
    warn_of_lost();
    if (!ending_.load()) {
      const bool waits = registry_.counts().waiting != 0 && retry_after_.count() == 0;
      if (os::wait_readable({bell_.fd()}, waits ? base::Millis{0} : pause(now, next_close)) || waits) {
        bell_.clear();
        search_all();
        if (!ending_.load()) os::wait_readable({bell_.fd()}, kGather);
        bell_.clear();
        search_all();  // whoever rang meanwhile
      }
    }
    const bool ending = ending_.load();
    if (ending && !last_.load()) break;
    now = wall_now();
    registry_.close_held(now, ending);
    if (ending || retry_after_.count() == 0 || base::now() >= retry_at_) send_all(ending);
    if (ending) break;
  }
  connection_.reset();
}

bool StoreWriter::send_all(bool ending) {
  base::Instant turn_ends{};
  for (;;) {
    if (ending_.load() && !last_.load()) return true;
    const auto clock = base::now();
    if (sink_ != nullptr && shm::take_turn(segment_.next_tell_ms, kTellInterval))
      turn_ends = clock + kTellInterval;
    const bool tells = clock < turn_ends;
    bool dead = false;
    {
      const base::MutexLock lock(mutex_);
      dead = !dead_.empty();
    }
    const bool waits = registry_.counts().waiting != 0;
    if (!waits && !dead && !tells && delivered_.empty() && !sweep_ && !ending && !report_is_due() &&
        clock < renew_at_)
      return true;
    Round round{.ending = ending, .tells = tells};
    // Another try may find the store again that has closed its connection while it was idle.
    if (!send(round) && (!ending || !send(round))) return false;
    tell(round.answer.changes);
    if (round.last || (round.rows < kMostRows && delivered_.empty() && !ending)) return true;
  }
}

// Sends one batch. False: it was not stored, and waits again.
bool StoreWriter::send(Round& round) {
  if (!connection_ && !connect()) return false;
  std::vector<Dead> dead;
  {
    const base::MutexLock lock(mutex_);
    dead = dead_;
  }
  if (registry_.needs_full() || (!known_ && sync_ == 0)) sync_ = registry_.begin_full(wall_now());
  sweep_ = registry_.full_is_done() || sweep_;
  const auto clock = base::now();
  // The last batch has all that is left: the rows that wait are fewer than fit.
  round.last = round.ending && registry_.counts().waiting < kMostRows;
  const bool report = report_is_due();
  BatchText text({.node = setup_.node,
                  .process = setup_.process,
                  .now = wall_now(),
                  .lease = setup_.lease,
                  .sync = sync_,
                  .sweep = sweep_,
                  .end = round.last,
                  .report = report,
                  .keep_events = setup_.keeps_events,
                  .most_events = round.tells && !round.ending ? kMostChanges : 0,
                  .delivered = delivered_,
                  .dead = dead});
  bool stored = false;
  {
    // Behind it all that is on its way waits again, or is stored; if memory is out, too.
    const Way way(registry_, stored);
    round.rows = registry_.take(kMostRows, [&text](const Row& row) { text.add(row); });
    stored = call(text.finish(), round.answer);
  }
  if (!stored) return false;
  recorder_.add(metrics::kPresenceRows, round.rows);
  recorder_.add(metrics::kPresenceBatches);
  const auto third = millis(setup_.lease / 3);
  renew_at_ = clock + third;
  if (report) report_at_ = clock + std::min(third, kReportInterval);
  sweep_ = false;
  delivered_.clear();
  {
    const base::MutexLock lock(mutex_);
    dead_.erase(dead_.begin(),
                dead_.begin() + static_cast<std::ptrdiff_t>(std::min(dead.size(), dead_.size())));
  }
  if (round.answer.unknown && std::exchange(known_, true)) {
    sync_ = registry_.begin_full(wall_now());
    log_.write(LogLevel::info, 452, 0,
               "the presence store did not know this process any more, as its lease was over: all of its "
               "sessions are sent again",
               nullptr);
  }
  known_ = true;
  succeed(round.answer);
  return true;
}

bool StoreWriter::is_looked_at() const noexcept {
  const auto looked_at = looked_at_.load();
  return looked_at != base::Instant{} && base::now() - looked_at < kReportSpan;
}

bool StoreWriter::report_is_due() const noexcept {
  return is_looked_at() && base::now() >= report_at_;
}

bool StoreWriter::connect() {
  auto fresh = std::make_unique<StoreConnection>(*setup_.store, setup_.parameters);
  if (!fresh->good()) {
    fail(fresh->error());
    return false;
  }
  connection_ = std::move(fresh);
  return true;
}

bool StoreWriter::call(const char* batch, BatchAnswer& answer) {
  {
    const base::MutexLock lock(mutex_);
    view_.asked_at = wall_now();
  }
  const bool stored = connection_->apply(batch, answer);
  if (!stored) {
    fail(connection_->error());
    connection_.reset();
  }
  const base::MutexLock lock(mutex_);
  view_.asked_at = 0;
  return stored;
}

void StoreWriter::fail(const char* reason) noexcept {
  recorder_.add(metrics::kPresenceFailures);
  const auto clock = base::now();
  retry_after_ = std::clamp(retry_after_ * 2, kFirstRetry, kLastRetry);
  retry_at_ = clock + std::min(retry_after_, millis(setup_.lease / 8));
  const auto waiting = registry_.counts().waiting;
  {
    const base::MutexLock lock(mutex_);
    if (!view_.failing) view_.failing_since = wall_now();
    view_.failing = true;
    failing_.store(true);
    try {
      view_.error = reason;
    } catch (const std::exception&) {
      view_.error.clear();
    }
  }
  if (clock < warn_at_) return;
  warn_at_ = clock + kWarnInterval;
  base::Text<700> text;
  text << "the presence store " << setup_.driver << " cannot be used: " << reason << "; " << waiting
       << " changes of this process wait for it";
  log_.write(LogLevel::error, 453, 0, text.view(), nullptr);
}

void StoreWriter::succeed(const BatchAnswer& answer) {
  retry_after_ = {};
  warn_at_ = {};
  base::Text<120> text;
  {
    const base::MutexLock lock(mutex_);
    const auto now = wall_now();
    view_.stored_at = now;
    if (answer.reported) {
      view_.reported_at = now;
      view_.nodes = answer.nodes;
      view_.keys = answer.keys;
      view_.sockets = answer.sockets;
    }
    failing_.store(false);
    if (!std::exchange(view_.failing, false)) return;
    text << "the presence store is there again, after " << (now - view_.failing_since) / 1'000'000 << " s";
    view_.failing_since = 0;
  }
  log_.write(LogLevel::info, 454, 0, text.view(), nullptr);
}

void StoreWriter::tell(const std::vector<Change>& changes) {
  if (changes.empty() || sink_ == nullptr) return;
  const auto told = sink_->tell(changes);
  for (std::size_t i = 0; i < told; ++i) delivered_.push_back(changes[i].number);
  recorder_.add(metrics::kPresenceEvents, told);
  const auto clock = base::now();
  if (told == changes.size() || clock < warn_untold_at_) return;
  warn_untold_at_ = clock + kWarnInterval;
  constexpr std::string_view kText =
      "who has come and gone cannot be told to the target of WSFlowPresenceEvents: it waits in the store";
  log_.write(LogLevel::warning, 463, 0, kText, nullptr);
}

void StoreWriter::warn_of_lost() noexcept {
  const auto lost = registry_.counts().lost;
  if (lost == lost_told_) return;
  recorder_.add(metrics::kPresenceLost, lost - lost_told_);
  base::Text<200> text;
  text << lost - lost_told_ << " sessions that have ended found no room to wait for the presence store, and "
       << "are not in its history";
  lost_told_ = lost;
  log_.write(LogLevel::warning, 455, 0, text.view(), nullptr);
}

}  // namespace wsflow::presence
