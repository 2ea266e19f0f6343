#include "mod_wsflow/programs/doctor/diagnosis.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "mod_wsflow/capacity/arithmetic.hpp"
#include "mod_wsflow/capacity/number_text.hpp"
#include "mod_wsflow/programs/doctor/nested_times.hpp"

namespace wsflow::doctor {

namespace {

using capacity::grouped;

// Warnings of configtest, and the row of the table that says the same.
struct SaidTwice {
  std::string_view message;
  std::string_view row;
};
constexpr SaidTwice kSaidTwice[] = {
    {"WSF0081", "mpm"}, {"WSF0082", "spare-threads"}, {"WSF0361", "handshakes"}};

bool is_said(std::string_view message, const std::vector<Trouble>& troubles) {
  const auto* twice = std::ranges::find(kSaidTwice, message, &SaidTwice::message);
  return twice != std::end(kSaidTwice) &&
         std::ranges::any_of(troubles, [twice](const Trouble& each) { return each.id == twice->row; });
}

Trouble warning(const char* id, std::string title, std::string because) {
  return {.id = id,
          .severity = Severity::warning,
          .title = std::move(title),
          .tunnels = std::nullopt,
          .because = std::move(because),
          .advice = {}};
}

Trouble note(const char* id, std::string title, std::string because) {
  auto made = warning(id, std::move(title), std::move(because));
  made.severity = Severity::note;
  return made;
}

void judge_table(const capacity::Facts& facts, Diagnosis& diagnosis) {
  const auto findings = capacity::examine(facts);
  if (const auto* first = capacity::first_limit(findings)) {
    diagnosis.carried = first->carried;
    diagnosis.first = first->row->name;
  }
  if (!diagnosis.wanted) diagnosis.wanted = capacity::tunnels_offered(facts);
  if (!diagnosis.wanted) diagnosis.wanted = diagnosis.carried;
  const auto wanted = diagnosis.wanted.value_or(1);
  for (const auto& finding : findings) {
    if (finding.carried >= wanted) continue;
    const bool refuses = finding.row->effect == capacity::Effect::refuses;
    diagnosis.troubles.push_back(
        {.id = std::string(finding.row->name),
         .severity = refuses ? Severity::error : Severity::warning,
         .title = std::string(finding.row->what),
         .tunnels = finding.carried != 0 ? std::optional(finding.carried) : std::nullopt,
         .because = finding.row->because(facts),
         .advice = finding.row->advice(facts, wanted)});
  }
}

// What a start would give is not what runs.
void judge_start(const Observed& observed, std::vector<Trouble>& troubles) {
  const auto runs = observed.facts.descriptors;
  const auto starts = observed.descriptors_of_start;
  if (!observed.pid || !runs || !starts || *runs == *starts) return;
  auto told = warning("old-limit", "descriptors since the last start",
                      "httpd runs with " + grouped(*runs) +
                          " descriptors for each process; a start would give " + grouped(*starts));
  if (*starts < *runs) told.severity = Severity::note;
  told.advice = {{.where = "a shell",
                  .line = "apachectl stop && apachectl start",
                  .note = "Or systemctl restart; a reload and apachectl restart keep the old limit.",
                  .then = {}}};
  troubles.push_back(std::move(told));
}

void judge_status(const StatusNow& status, std::vector<Trouble>& troubles) {
  for (const auto& limit : status.limits) {
    if (limit.concurrency == 0 || limit.in_use < limit.concurrency) continue;
    troubles.push_back(warning("limit-full", "WSFlowLimit " + limit.name + " is full",
                               (limit.keyed ? "one of its keys has " : "it has ") + grouped(limit.in_use) +
                                   " of " + grouped(limit.concurrency) + " permits in use, " +
                                   grouped(limit.waiting) + " wait, and it has refused " +
                                   grouped(limit.refused)));
  }
  for (const auto& child : status.children) {
    if (child.most == 0 || child.tunnels * 10 < child.most * 9) continue;
    troubles.push_back(warning("child-full", "a child is full",
                               "process " + std::to_string(child.pid) + " has " + grouped(child.tunnels) +
                                   " of " + capacity::counted(child.most, "tunnel", "tunnels")));
  }
  for (const auto& [reason, count] : status.refused_by) {
    if (reason != "max-tunnels" && reason != "worker-share" && reason != "no-source-port" &&
        reason != "max-handshakes")
      continue;
    troubles.push_back(warning("refused", "refused: " + reason,
                               capacity::counted(count, "handshake was", "handshakes were") +
                                   " refused since httpd was started, as there was no room"));
  }
  if (status.on_workers != 0) {
    troubles.push_back(warning("on-workers", "tunnels on worker threads",
                               capacity::counted(status.on_workers, "tunnel holds", "tunnels hold") +
                                   " a worker thread; WSF0075 in the error log says why"));
  }
}

void judge_warnings(const std::vector<std::string>& warnings, std::vector<Trouble>& troubles) {
  for (const auto& text : warnings) {
    const auto id = text.substr(0, text.find(':'));
    if (is_said(id, troubles)) continue;
    troubles.push_back(
        warning("configtest", "configtest says " + id, text.substr(std::min(id.size() + 2, text.size()))));
  }
}

void add_notes(const Dump& dump, std::vector<Trouble>& troubles) {
  for (const auto& line : dump.limiting_lines) {
    auto told = note("other-modules", std::string(line.name) + " of another module",
                     "it bounds requests and handshakes, and counts no tunnels");
    told.advice = {{.where = std::string(line.place),
                    .line = std::string(line.name) + " " + std::string(line.value),
                    .note = {},
                    .then = {}}};
    troubles.push_back(std::move(told));
  }
  for (const auto& route : dump.routes) {
    const auto keyed = std::ranges::find_if(
        route.origins, [](const DumpOrigin& origin) { return origin.most != 0 || origin.acquire_ms != 0; });
    if (keyed == route.origins.end()) continue;
    auto told = note(
        "pool-keys", "max= and acquire= of " + std::string(keyed->url),
        "they bound the pool of mod_proxy for ordinary requests of each child, and no tunnels: WSFlowLimit "
        "does that");
    told.advice = {{.where = std::string(route.place), .line = {}, .note = {}, .then = {}}};
    troubles.push_back(std::move(told));
  }
  for (const auto& place : dump.piped_logs) {
    auto told = note("piped-log", "a log goes to a program",
                     "where the program is slower than the log, httpd's threads wait for it");
    told.advice = {{.where = std::string(place), .line = {}, .note = {}, .then = {}}};
    troubles.push_back(std::move(told));
  }
}

void add_origin_note(const Dump& dump, std::uint64_t wanted, std::vector<Trouble>& troubles) {
  if (dump.routes.empty() || dump.routes.front().origins.empty()) return;
  std::string names;
  std::size_t count = 0;
  for (const auto& origin : dump.facts.origins) {
    if (count++ == 3) break;
    names.append(names.empty() ? "" : ", ").append(origin.url);
  }
  if (dump.facts.origins.size() > 3) names += " and others";
  troubles.push_back(note("origin", "what the origin takes is not seen from here",
                          names + ": for " + grouped(wanted) +
                              " tunnels it needs as many descriptors, and its own limits must let them"));
}

}  // namespace

Diagnosis diagnose(const DoctorOptions& options, const Observed& observed) {
  Diagnosis diagnosis;
  if (observed.dump == nullptr) return diagnosis;
  diagnosis.wanted = options.tunnels;
  judge_table(observed.facts, diagnosis);
  auto& troubles = diagnosis.troubles;
  judge_start(observed, troubles);
  if (observed.status) judge_status(*observed.status, troubles);
  std::ranges::move(nested_times(options, *observed.dump), std::back_inserter(troubles));
  judge_warnings(observed.warnings, troubles);
  if (observed.dump->routes.empty()) {
    troubles.push_back(warning("no-route", "no route",
                               "no WSFlowPass, and no WSFlow On where a route of mod_proxy is: no "
                               "handshake becomes a tunnel of mod_wsflow"));
  }
  add_notes(*observed.dump, troubles);
  add_origin_note(*observed.dump, diagnosis.wanted.value_or(0), troubles);
  std::ranges::stable_sort(troubles, std::ranges::greater(), &Trouble::severity);
  return diagnosis;
}

int exit_status(const Observed& observed, const Diagnosis& diagnosis) noexcept {
  if (observed.blind) return 3;
  if (diagnosis.troubles.empty()) return 0;
  // The gravest stands first.
  if (diagnosis.troubles.front().severity == Severity::error) return 2;
  return diagnosis.troubles.front().severity == Severity::warning ? 1 : 0;
}

}  // namespace wsflow::doctor
