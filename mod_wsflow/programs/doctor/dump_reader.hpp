#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/base/parsed.hpp"
#include "mod_wsflow/capacity/facts.hpp"
#include "mod_wsflow/programs/doctor/json_value.hpp"

namespace wsflow::doctor {

// The times of a route in milliseconds; 0: none.
struct RouteTimes {
  std::uint64_t connect = 0;
  std::uint64_t handshake = 0;
  std::uint64_t idle = 0;
  std::uint64_t lifetime = 0;
  std::uint64_t ping_client = 0;
  std::uint64_t ping_timeout = 0;
};

struct DumpOrigin {
  std::string_view url;
  std::uint64_t most = 0;        // max=
  std::uint64_t acquire_ms = 0;  // acquire=
};

struct DumpRoute {
  std::string_view route;
  std::string_view place;
  RouteTimes times;
  std::vector<DumpOrigin> origins;
  std::vector<std::string_view> limits;
};

// What `httpd -t -D DUMP_WSFLOW` prints. Texts belong to its document.
struct Dump {
  rapidjson::Document document;
  std::string_view version;
  std::string_view httpd;
  std::string_view mpm;
  std::string_view pid_file;
  std::vector<DumpRoute> routes;
  std::vector<std::pair<std::string_view, std::uint64_t>>
      acquires;                                   // limits with their acquire=, in milliseconds
  std::vector<capacity::Setting> limiting_lines;  // of other modules
  std::vector<std::string_view> limiting_modules;
  std::vector<std::string_view> piped_logs;  // places
  std::vector<std::string_view> listen;
  std::vector<std::string_view> status_paths;
  capacity::Facts facts;

  // What the spans of `facts` are of.
  std::vector<capacity::Setting> settings;
  std::vector<capacity::OriginFacts> origins;
  std::vector<capacity::LimitFacts> limits;
};

// On the heap: its facts point into it.
base::Parsed<std::unique_ptr<Dump>> read_dump(std::string_view text);

}  // namespace wsflow::doctor
