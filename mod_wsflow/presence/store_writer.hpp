#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/log_sink.hpp"
#include "mod_wsflow/base/mutex.hpp"
#include "mod_wsflow/metrics/recorder.hpp"
#include "mod_wsflow/os/wakeup.hpp"
#include "mod_wsflow/presence/batch.hpp"
#include "mod_wsflow/presence/change_sink.hpp"
#include "mod_wsflow/presence/registry.hpp"
#include "mod_wsflow/presence/search_queue.hpp"
#include "mod_wsflow/presence/store_connection.hpp"
#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::presence {

// How a process uses its store.
struct StoreSetup {
  const wsflow_presence_store* store;  // borrowed from the module of the store
  const char* driver;                  // borrowed from the configuration, as the next one
  const char* parameters;
  std::string node;
  std::uint64_t process;  // its number in the store
  Time lease;
  bool keeps_events;  // changes are told to an application
};

// What the writer knows of the store.
struct StoreView {
  bool failing = false;
  std::string error;       // the newest; empty: there was none
  Time failing_since = 0;  // 0: it does not fail
  Time asked_at = 0;       // since when the store owes an answer; 0: it owes none
  Time stored_at = 0;      // of its last answer; 0: none so far
  Time reported_at = 0;    // of what follows; 0: never
  std::vector<NodeLease> nodes;
  std::uint64_t keys = 0;  // over all nodes
  std::uint64_t sockets = 0;
};

// Takes what changes in the registry to the store, in a thread of its own, renews the lease of the process,
// and tells changes that the store reports. The store may block for ever: nobody waits for this thread.
class StoreWriter {
 public:
  // All references are borrowed and live as long as the process. `sink`: nullptr where nobody is told, or
  // another process tells.
  StoreWriter(StoreSetup setup, Registry& registry, ChangeSink* sink, shm::Layout& segment,
              metrics::Recorder& recorder, base::LogSink& log);
  ~StoreWriter();

  // Starts the thread. False if it cannot start.
  bool start();
  // Ends the thread; `last`: once all is sent, and the process has ended for the store. But waits no longer
  // than `patience`. If the store does not answer, the thread stays where it is: the
  // object must then live until the process ends. Main thread.
  void stop(bool last, base::Millis patience) noexcept;
  // There is something to send, or a moment to wait for. Any thread.
  void wake() const noexcept { bell_.ring(); }
  // A process of this node has died. Any thread.
  void report_dead(std::uint64_t process, Time at) noexcept;
  // Somebody looks: from then on, for a minute, the store is asked what all nodes have, which takes it some
  // work. Any thread.
  StoreView view();
  // Begins a search; its bell rings when it is over. False: too many run, or memory is out. Any thread.
  bool find(std::shared_ptr<Search> search) noexcept {
    const bool added = searches_.add(std::move(search));
    if (added) wake();
    return added;
  }
  // Rings for those who have waited too long for a store that does not answer. Once a second, any thread.
  void end_waits() noexcept { searches_.end_waits(); }

  bool failing() const noexcept { return failing_.load(); }
  // Goes on where the writer of the child stands from which this process was forked. Before start().
  void go_on_from(const StoreWriter& before);

 private:
  struct Round;

  void run();
  base::Millis pause(Time now, Time next_close) const noexcept;
  bool send_all(bool ending);
  bool send(Round& round);
  bool is_looked_at() const noexcept;
  bool report_is_due() const noexcept;
  bool connect();
  bool call(const char* batch, BatchAnswer& answer);
  void search_all();
  void fail(const char* reason) noexcept;
  void succeed(const BatchAnswer& answer);
  void tell(const std::vector<Change>& changes);
  void warn_of_lost() noexcept;

  const StoreSetup setup_;
  Registry& registry_;
  ChangeSink* sink_;
  shm::Layout& segment_;
  metrics::Recorder& recorder_;
  base::LogSink& log_;
  os::Wakeup bell_;  // owned; rings for wake(), and when the thread is to end
  os::Wakeup done_;  // owned; rings when the thread ends
  std::atomic<bool> ending_{false};
  std::atomic<bool> last_{false};
  std::atomic<bool> failing_{false};
  std::atomic<base::Instant> looked_at_{base::Instant{}};
  std::thread thread_;
  bool left_alone_ = false;  // the thread still hangs in the store

  // The thread's own.
  std::unique_ptr<StoreConnection> connection_;
  std::uint32_t sync_ = 0;
  bool sweep_ = false;
  bool known_ = false;  // the store has answered this process
  std::vector<std::uint64_t> delivered_;
  base::Instant renew_at_{};
  base::Instant retry_at_{};
  base::Millis retry_after_{};
  base::Instant warn_at_{};
  base::Instant warn_untold_at_{};
  base::Instant report_at_{};
  std::uint64_t lost_told_ = 0;

  SearchQueue searches_;

  mutable base::Mutex mutex_;
  std::vector<Dead> dead_ WSFLOW_GUARDED_BY(mutex_);
  StoreView view_ WSFLOW_GUARDED_BY(mutex_);
};

}  // namespace wsflow::presence
