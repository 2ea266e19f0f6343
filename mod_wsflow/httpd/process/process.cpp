#include "mod_wsflow/httpd/process/process.hpp"

#include "mod_wsflow/httpd/mpm_query.hpp"

namespace wsflow::httpd {

namespace {

Process* g_child = nullptr;  // owned by the process; set by the child's main thread before the workers start

}  // namespace

Process* child() noexcept {
  return g_child;
}

void set_child(Process& process) noexcept {
  g_child = &process;
}

bool httpd_stops(const Process& process) noexcept {
  return !process.graceful && mpm_query(AP_MPMQ_MPM_STATE) == AP_MPMQ_STOPPING;
}

bool httpd_stops_gracefully(const Process& process) noexcept {
  return !mpm_has_threads() && process.workers.run_state() == WorkerShare::RunState::none &&
         mpm_query(AP_MPMQ_MPM_STATE) == AP_MPMQ_STOPPING;
}

bool between_generations() noexcept {
  const auto newest = ap_scoreboard_image->global->running_generation;
  for (int i = 0;; ++i) {
    const auto* process = ap_get_scoreboard_process(i);
    if (process == nullptr) return true;
    if (process->generation == newest) return false;
  }
}

base::Outcome outcome_of_stop(const Process& process) noexcept {
  return between_generations() && !process.httpd.gone() ? base::Outcome::server_restart
                                                        : base::Outcome::server_stop;
}

}  // namespace wsflow::httpd
