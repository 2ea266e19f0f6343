#pragma once

#include <span>
#include <vector>

#include "mod_wsflow/programs/doctor/doctor_options.hpp"
#include "mod_wsflow/programs/doctor/doctor_trouble.hpp"
#include "mod_wsflow/programs/doctor/dump_reader.hpp"

namespace wsflow::doctor {

// Whoever waits outside must wait longer than whoever waits inside, else the answer comes when nobody waits
// for it any more: client > proxy (the queue of a limit, connect and handshake) > origin > database. Times
// that nobody has told are left out.
std::vector<Trouble> nested_times(const DoctorOptions& options, const Dump& dump);

// A time in milliseconds as a configuration writes it: "5s", "1500ms".
std::string written_time(std::uint64_t ms);

}  // namespace wsflow::doctor
