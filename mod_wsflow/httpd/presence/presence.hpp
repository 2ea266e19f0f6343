#pragma once

#include <memory>
#include <optional>

#include "mod_wsflow/httpd/config/presence_config.hpp"
#include "mod_wsflow/presence/change_sink.hpp"
#include "mod_wsflow/presence/store_writer.hpp"

namespace wsflow::httpd {

struct Process;

// Who is online in this process, and the writer that takes it to the store. The main thread makes it before
// workers start; it lives as long as the process, as threads may hang in it.
class Presence {
 public:
  Presence(Process& process, const PresenceStoreConfig& config, const wsflow_presence_store& store,
           const PresenceEventsConfig* events, std::string node);

  presence::Registry& registry() noexcept { return registry_; }
  presence::StoreWriter& writer() noexcept { return *writer_; }
  const presence::StoreSetup& setup() const noexcept { return setup_; }

  // Starts the writer's thread; false if it cannot start. Main thread.
  bool start();
  // Ends the thread, which sends what waits, if the store takes it: the process ends. Main thread.
  void stop() noexcept;
  // Ends the thread, which sends no more: a keeper goes on, or start(). Main thread.
  void rest() noexcept;
  // Something waits for a store that fails. Any thread.
  bool owes() const noexcept;
  // Goes on in the keeper that was forked from the child. Main thread.
  bool start_in_keeper();
  // Writes what this process has into its slot. Any thread.
  void show() noexcept;

 private:
  std::unique_ptr<presence::StoreWriter> make_writer();

  Process& process_;  // borrowed
  const presence::StoreSetup setup_;
  presence::Registry registry_;
  std::unique_ptr<presence::ChangeSink> sink_;  // nullptr: nobody is told, or not by this process
  base::Mutex mutex_;
  presence::RegistryCounts told_ WSFLOW_GUARDED_BY(mutex_);  // what show() has counted
  std::unique_ptr<presence::StoreWriter> writer_;
};

// The presence of a child whose configuration has a store, and somebody to count; nullptr: none, or it cannot
// start, which is logged. Main thread.
std::unique_ptr<Presence> make_presence(Process& process) noexcept;

}  // namespace wsflow::httpd
