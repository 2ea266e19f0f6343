// What wsflow-doctor reads: a dump of the configuration, a status, texts of /proc. Any text is read or
// refused with a sentence, and what is read can be judged and told.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "mod_wsflow/capacity/proc_text.hpp"
#include "mod_wsflow/programs/doctor/look.hpp"
#include "mod_wsflow/programs/doctor/report.hpp"
#include "t/fuzz/require.hpp"

using namespace wsflow;
using wsflow::fuzz::require;

namespace {

void judge(doctor::Observed& observed) {
  doctor::DoctorOptions options;
  for (const std::uint64_t wanted : {0U, 1U, 20'000U, 100'000'000U}) {
    if (wanted != 0) options.tunnels = wanted;
    options.client_ms = options.origin_ms = options.database_ms = 1 + wanted;
    const auto diagnosis = doctor::diagnose(options, observed);
    const auto status = doctor::exit_status(observed, diagnosis);
    require(status >= 0 && status <= 2);
    require(!doctor::report_text(observed, diagnosis).empty());
    require(doctor::report_json(observed, diagnosis).ends_with("}\n"));
  }
}

void try_dump(std::string_view text) {
  const auto dump = doctor::read_dump(text);
  require(dump ? dump.wrong().empty() : !dump.wrong().empty());
  if (!dump) return;
  doctor::Observed observed;
  observed.dump = dump->get();
  observed.facts = (*dump)->facts;
  require(observed.facts.children >= 1 && observed.facts.threads_per_child >= 1);
  judge(observed);
}

void try_status(std::string_view text) {
  auto status = doctor::read_status(text);
  require(status ? status.wrong().empty() : !status.wrong().empty());
  if (!status) return;
  doctor::Dump dump;
  doctor::Observed observed;
  observed.dump = &dump;
  observed.facts.tunnels_now = status->tunnels;
  observed.status = *std::move(status);
  judge(observed);
}

// Every text of /proc goes to every parser: what is not theirs they refuse.
void try_proc(std::string_view text) {
  if (const auto limit = capacity::descriptor_limit(text)) require(text.find("Max open files ") != text.npos);
  if (const auto bytes = capacity::meminfo(text, "MemAvailable")) require(*bytes % 1024 == 0);
  capacity::tcp_pages(text);
  capacity::number_of(text);
  for (const auto* controller : {"memory", "pids", ""}) capacity::group_of(text, controller);
  const auto unit = capacity::unit_of(text);
  require(unit.empty() || (unit.ends_with(".service") && unit.find('/') == unit.npos));
  capacity::status_field(text, "State");
  for (std::size_t i = 0; i < 5; ++i)
    require(capacity::word_of(text, i).find_first_of(" \t\n") == std::string_view::npos);
  for (const auto& warning : doctor::warnings_in(text))
    require(warning.starts_with("WSF") && warning[7] == ':');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  try_dump(text);
  try_status(text);
  try_proc(text);
  return 0;
}
