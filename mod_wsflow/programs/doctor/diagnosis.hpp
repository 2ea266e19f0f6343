#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mod_wsflow/programs/doctor/doctor_options.hpp"
#include "mod_wsflow/programs/doctor/doctor_trouble.hpp"
#include "mod_wsflow/programs/doctor/dump_reader.hpp"
#include "mod_wsflow/programs/doctor/status_reader.hpp"

namespace wsflow::doctor {

// What was found out before anything is judged.
struct Observed {
  const Dump* dump = nullptr;
  capacity::Facts facts;            // of the dump, the machine, and the server that runs
  std::optional<std::int64_t> pid;  // of httpd's parent; nothing: none runs, or nobody looked
  std::optional<std::uint64_t> descriptors_of_start;  // that a start would give now; nothing: not known
  std::optional<StatusNow> status;
  std::vector<std::string> warnings;  // of configtest, "WSF0082: …"
  std::vector<std::string> unknown;   // what could not be looked at, and why
  bool blind = false;                 // so much was not seen that nothing can be said: exit status 3
};

// What is wrong, what bites first standing first.
struct Diagnosis {
  std::optional<std::uint64_t> wanted;   // nothing: not even what it offers is known
  std::optional<std::uint64_t> carried;  // nothing: not known
  std::string first;                     // the row that bounds `carried`; empty: not known
  std::vector<Trouble> troubles;
};
Diagnosis diagnose(const DoctorOptions& options, const Observed& observed);

// 0: all is well; 1: a warning; 2: it cannot carry so many; 3: it could not look.
int exit_status(const Observed& observed, const Diagnosis& diagnosis) noexcept;

}  // namespace wsflow::doctor
