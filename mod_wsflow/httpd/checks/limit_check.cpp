#include "mod_wsflow/httpd/checks/limit_check.hpp"

#include <algorithm>
#include <string_view>

#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/httpd/config/limit_directives.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/lines/async_factor.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/limits/table.hpp"

namespace wsflow::httpd {

namespace {

std::span<LimitConfig* const> rules(const server_rec* main) noexcept {
  return elements<LimitConfig* const>(config_of(main).limits);
}
std::span<const LimitSection> places(const server_rec* main) noexcept {
  return elements<const LimitSection>(config_of(main).limit_sections);
}

int reject(const server_rec* main, const LimitConfig& rule, const char* where, const char* why) noexcept {
  ap_log_error(APLOG_MARK, APLOG_CRIT, 0, main, WSFLOGNO(0135) "WSFlowLimit %s (%s): %s",
               rule.definition.name, where, why);
  return HTTP_INTERNAL_SERVER_ERROR;
}

const char* defined_names(const server_rec* main) noexcept {
  const char* names = nullptr;
  auto* pool = main->process->pconf;
  for (const auto* rule : rules(main)) {
    if (rule->where == nullptr) continue;
    names = names == nullptr ? rule->definition.name
                             : apr_pstrcat(pool, names, ", ", rule->definition.name, nullptr);
  }
  return names == nullptr ? "none" : names;
}

int check_names(const server_rec* main) noexcept {
  auto* pool = main->process->pconf;
  for (const auto& place : places(main)) {
    for (const auto& use : elements<const AppliedLimit>(place.uses)) {
      if (use.rule->where != nullptr) continue;
      return reject(
          main, *use.rule, use.where,
          apr_pstrcat(pool, "no limit of this name is defined; defined are: ", defined_names(main), nullptr));
    }
  }
  if (rules(main).size() <= limits::kConfigurable) return OK;
  const auto& first_too_many = *rules(main)[limits::kConfigurable];
  return reject(
      main, first_too_many, first_too_many.where,
      apr_psprintf(pool, "there may be %d limits at most", static_cast<int>(limits::kConfigurable)));
}

// Fills a missing queue=: as many requests may wait as are let in at once, at most kMostWaiting.
int fill_queues(const server_rec* main) noexcept {
  const bool parks = mpm_waits_for_requests();
  for (auto* rule : rules(main)) {
    auto& definition = rule->definition;
    auto& settings = definition.settings;
    if (definition.acquire == 0 || settings.queue != 0) continue;
    const auto at_once = settings.concurrency != 0 ? settings.concurrency : settings.burst;
    const auto queue = std::min(at_once, limits::kMostWaiting);
    if (!parks) {
      return reject(main, *rule, rule->where,
                    apr_psprintf(main->process->pconf,
                                 "acquire= needs queue= with this MPM (any but event since 2.4.63), as each "
                                 "request that waits holds a worker; write queue=N, for example queue=%u",
                                 queue));
    }
    settings.queue = queue;
  }
  return OK;
}

// The shortest Timeout of the servers where `place` counts: a section of the main server counts in all.
apr_interval_time_t timeout_of(const server_rec* main, const LimitSection& place) noexcept {
  if (place.server != main) return place.server->timeout;
  auto shortest = main->timeout;
  for (const auto* server = main->next; server != nullptr; server = server->next) {
    shortest = std::min(shortest, server->timeout);
  }
  return shortest;
}

// httpd closes a connection that it has parked for longer than Timeout.
int check_waits(const server_rec* main) noexcept {
  if (!mpm_waits_for_requests()) return OK;
  for (const auto& place : places(main)) {
    const auto timeout = timeout_of(main, place);
    for (const auto& use : elements<const AppliedLimit>(place.uses)) {
      const auto acquire = use.rule->definition.acquire;
      if (use.off || acquire == 0 || acquire < timeout) continue;
      return reject(main, *use.rule, use.where,
                    apr_psprintf(main->process->pconf,
                                 "acquire= must be shorter than Timeout, which is %" APR_TIME_T_FMT
                                 " s here: write a shorter acquire=, or Timeout %" APR_TIME_T_FMT " or more",
                                 apr_time_sec(timeout), apr_time_sec(acquire) + 1));
    }
  }
  return OK;
}

bool lies_within(std::string_view path, std::string_view outer) noexcept {
  if (!path.starts_with(outer)) return false;
  return path.size() == outer.size() || outer.ends_with('/') || path[outer.size()] == '/';
}

// True if `outer` counts wherever `inner` does, as far as the configuration tells.
bool covers(const LimitSection& outer, const LimitSection& inner) noexcept {
  if (&outer == &inner || outer.path == nullptr) return true;
  return inner.path != nullptr && std::string_view(inner.section) == outer.section &&
         lies_within(inner.path, outer.path);
}

// The number of limits in force at `inner`, a section of `server` or of the main server.
std::size_t count_limits(const server_rec* main, const server_rec* server,
                         const LimitSection& inner) noexcept {
  apr_array_header_t* merged = nullptr;
  const auto add = [&](const server_rec* from, bool sections) {
    for (const auto& place : places(main)) {
      if (place.server != from || (place.path != nullptr) != sections || !covers(place, inner)) continue;
      merged = merge_limits(main->process->pconf, merged, place.uses);
    }
  };
  // httpd merges what stands outside all sections first.
  for (const bool sections : {false, true}) {
    add(main, sections);
    if (server != main) add(server, sections);
  }
  const auto uses = elements<const AppliedLimit>(merged);
  return static_cast<std::size_t>(std::ranges::count(uses, false, &AppliedLimit::off));
}

int check_counts(const server_rec* main) noexcept {
  if (rules(main).size() <= limits::kPerRequest) return OK;
  for (const auto* server = main; server != nullptr; server = server->next) {
    for (const auto& place : places(main)) {
      if (place.server != server && place.server != main) continue;
      if (count_limits(main, server, place) <= limits::kPerRequest) continue;
      const auto& last = elements<const AppliedLimit>(place.uses).back();
      return reject(
          main, *last.rule, last.where,
          apr_psprintf(main->process->pconf,
                       "more than %d limits in one place, with those of the sections around it: lift "
                       "some with \"WSFlowLimit NAME off\"",
                       static_cast<int>(limits::kPerRequest)));
    }
  }
  return OK;
}

// The keys of all limits must fit into the shared table.
int check_keys(const server_rec* main) noexcept {
  std::size_t keys = 0;
  for (const auto* rule : rules(main)) {
    keys += rule->definition.keyed ? rule->definition.keys : 1;
    if (keys <= limits::kEntries) continue;
    return reject(main, *rule, rule->where,
                  apr_psprintf(main->process->pconf,
                               "keys= of all limits, as far as here, come to %d: together they may be %d",
                               static_cast<int>(keys), static_cast<int>(limits::kEntries)));
  }
  return OK;
}

// Warns if waiting requests may stop a child from accepting connections: the MPM counts each as a connection.
void check_room(const server_rec* main) noexcept {
  const int threads = mpm_query(AP_MPMQ_MAX_THREADS);
  const int children = std::max(mpm_query(AP_MPMQ_MAX_DAEMONS), 1);
  if (!mpm_waits_for_requests() || threads <= 0) return;
  std::int64_t waiting = 0;
  std::int64_t working = 0;
  for (const auto* rule : rules(main)) {
    waiting += rule->definition.settings.queue;
    if (rule->definition.settings.queue != 0) {
      working += rule->definition.settings.concurrency;
    }
  }
  const auto waits = (waiting + children - 1) / children;
  // Permits beyond the number of workers are meant for tunnels, which hold no worker.
  const auto busy = working < std::int64_t{threads} * children ? working / children : 0;
  const auto idle = std::max<std::int64_t>(threads - busy - 1, 1);
  // Half as many again for connections that are kept alive or being closed.
  const auto beyond = busy + waits + waits / 2 + 1 - threads;
  if (beyond <= 0 || static_cast<double>(beyond) <= async_factor() * static_cast<double>(idle)) return;
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main, WSFLOGNO(0136)
               "a child with %d requests that wait (queue=) may stop accepting connections: write "
               "\"AsyncRequestWorkerFactor %d\"",
               static_cast<int>(waits), static_cast<int>((beyond + idle - 1) / idle));
}

}  // namespace

int check_limits(server_rec* server) noexcept {
  for (auto* check : {check_names, fill_queues, check_waits, check_counts, check_keys}) {
    if (const int result = check(server); result != OK) return result;
  }
  check_room(server);
  return OK;
}

}  // namespace wsflow::httpd
