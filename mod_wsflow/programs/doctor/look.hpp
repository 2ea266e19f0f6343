#pragma once

#include <memory>
#include <string>

#include "mod_wsflow/base/parsed.hpp"
#include "mod_wsflow/programs/doctor/diagnosis.hpp"
#include "mod_wsflow/programs/doctor/real_machine.hpp"

namespace wsflow::doctor {

// All that the program has looked at. The dump is on the heap, as `observed` points into it.
struct Looked {
  std::unique_ptr<Dump> dump;
  std::string service_file;
  Observed observed;
};

// Looks at the configuration, the process, the machine and the status. A sentence: there is no configuration
// to judge.
base::Parsed<std::unique_ptr<Looked>> look(const DoctorOptions& options, const RealMachine& machine);

// The warnings of mod_wsflow in what configtest writes, from "WSFnnnn: " on.
std::vector<std::string> warnings_in(std::string_view log);

}  // namespace wsflow::doctor
