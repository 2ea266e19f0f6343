#pragma once

#include <string>

#include "mod_wsflow/programs/doctor/diagnosis.hpp"

namespace wsflow::doctor {

// For people: 90 columns, what bites first standing first.
std::string report_text(const Observed& observed, const Diagnosis& diagnosis);

// The same for programs; docs/doctor.md has its keys.
std::string report_json(const Observed& observed, const Diagnosis& diagnosis);

}  // namespace wsflow::doctor
