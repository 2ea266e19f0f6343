#include "mod_wsflow/httpd/lifecycle/caretaker.hpp"

#include "mod_wsflow/httpd/balancing/member_use.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/housekeeping/close_jobs.hpp"
#include "mod_wsflow/httpd/housekeeping/lost_tunnels.hpp"
#include "mod_wsflow/httpd/housekeeping/sampler.hpp"
#include "mod_wsflow/httpd/housekeeping/worker_down.hpp"
#include "mod_wsflow/httpd/presence/presence.hpp"
#include "mod_wsflow/os/signal_mask.hpp"
#include "mod_wsflow/os/socket.hpp"
#include "mod_wsflow/os/thread_name.hpp"
#include "mod_wsflow/os/wait.hpp"
#include "mod_wsflow/shm/labels.hpp"
#include "mod_wsflow/shm/reaper.hpp"

namespace wsflow::httpd {

bool Caretaker::start() {
  if (!bell_.valid()) return false;
  ending_.store(false);
  const os::BlockSignals blocked;
  thread_ = std::thread([this]() noexcept { guard_void(process_.server, [this] { run(); }); });
  os::name_thread(thread_, "wsflow-care");
  return true;
}

void Caretaker::stop() noexcept {
  if (!thread_.joinable()) return;
  ending_.store(true);
  bell_.ring();
  thread_.join();
}

void Caretaker::ask_for_stop() noexcept {
  process_.stop_asked.store(true);
  bell_.ring();
}

// Warns once in the life of httpd.
void Caretaker::warn_of_lost_labels() noexcept {
  const auto lost = shm::labels_lost(process_.segment);
  if (lost == 0 || process_.segment.labels_told.exchange(1) != 0) return;
  ap_log_error(
      APLOG_MARK, APLOG_WARNING, 0, process_.server,
      WSFLOGNO(0212) "all %d labels are taken: %" APR_UINT64_T_FMT
                     " tunnels or refusals so far are without server, route and origin in the status; stop "
                     "and start httpd to forget routes that are gone",
      static_cast<int>(shm::kLabels), lost);
}

void Caretaker::look_after() {
  if (process_.engine) process_.engine->follow_wall_clock();
  if (shm::claim_round(process_.segment, base::now().time_since_epoch().count()))
    reap_and_log(process_.server, &process_, process_.segment);
  if (process_.presence) {
    process_.presence->show();
    process_.presence->writer().end_waits();
  }
  if (const auto open = descriptors_.look(base::now())) {
    process_.slot.descriptors.store(*open);
    process_.slot.descriptors_most.store(static_cast<std::uint32_t>(os::most_descriptors()));
  }
  keep_history(process_.segment);
  const bool newest = process_.segment.generation.load() == process_.slot.generation.load();
  const auto* load = config_of(process_.server).origin_load;
  if (load != nullptr && newest) {
    origin_load_.round(*load, process_.segment);
    note_members(process_.server, *load, process_.segment);
    end_tunnels_of_workers_down(process_.server, *load, process_.segment);
  }
  if (newest || heir_) work_on_jobs(process_.server, process_.segment);
  if (newest) warn_of_lost_labels();
  const auto commands = process_.slot.commands.load(std::memory_order_acquire);
  if (commands == commands_seen_) return;
  commands_seen_ = commands;
  if (process_.engine) process_.engine->look_for_commands();
}

void Caretaker::run() {
  // The first round is due at once: this process may take the place of one that was killed.
  auto next = base::now();
  while (!ending_.load()) {
    // The relay's lines go to the logs of the newest generation only.
    const bool newest = process_.segment.generation.load() == process_.slot.generation.load();
    os::wait_readable({bell_.fd(), newest ? process_.relay.read_fd() : -1}, next - base::now());
    bell_.clear();
    if (process_.engine && process_.stop_asked) process_.engine->begin_stop(outcome_of_stop(process_));
    if (newest) process_.relay.pass_on(process_.server, process_.log_writer.get());
    if (base::now() < next) continue;
    next = base::now() + kRound;
    look_after();
  }
}

}  // namespace wsflow::httpd
