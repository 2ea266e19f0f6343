#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/programs/doctor/report.hpp"
#include "mod_wsflow/version.h"

namespace wsflow::doctor {

namespace {

using Writer = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

// What httpd and files have said may be in any encoding.
void write(Writer& writer, std::string_view value) {
  const auto valid = base::valid_utf8(value);
  writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
}

void text(Writer& writer, const char* key, std::string_view value) {
  writer.Key(key);
  write(writer, value);
}

void number_or_null(Writer& writer, const char* key, std::optional<std::uint64_t> value) {
  writer.Key(key);
  if (value) {
    writer.Uint64(*value);
  } else {
    writer.Null();
  }
}

void write_troubles(Writer& writer, const Diagnosis& diagnosis) {
  writer.Key("troubles");
  writer.StartArray();
  for (const auto& trouble : diagnosis.troubles) {
    writer.StartObject();
    text(writer, "id", trouble.id);
    text(writer, "severity", name(trouble.severity));
    text(writer, "title", trouble.title);
    number_or_null(writer, "tunnels", trouble.tunnels);
    text(writer, "because", trouble.because);
    writer.Key("advice");
    writer.StartArray();
    for (const auto& advice : trouble.advice) {
      writer.StartObject();
      text(writer, "where", advice.where);
      text(writer, "line", advice.line);
      text(writer, "note", advice.note);
      text(writer, "then", advice.then);
      writer.EndObject();
    }
    writer.EndArray();
    writer.EndObject();
  }
  writer.EndArray();
}

void write_table(Writer& writer, const capacity::Facts& facts) {
  writer.Key("limits");
  writer.StartArray();
  for (const auto& finding : capacity::examine(facts)) {
    writer.StartObject();
    text(writer, "id", finding.row->name);
    text(writer, "effect", capacity::name(finding.row->effect));
    number_or_null(writer, "tunnels", finding.carried);
    text(writer, "because", finding.row->because(facts));
    writer.EndObject();
  }
  writer.EndArray();
}

}  // namespace

std::string report_json(const Observed& observed, const Diagnosis& diagnosis) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.SetIndent(' ', 2);
  writer.StartObject();
  text(writer, "version", WSFLOW_VERSION);
  text(writer, "httpd", observed.dump != nullptr ? observed.dump->httpd : "");
  number_or_null(writer, "pid",
                 observed.pid ? std::optional(static_cast<std::uint64_t>(*observed.pid)) : std::nullopt);
  number_or_null(writer, "tunnels_open", observed.facts.tunnels_now);
  number_or_null(writer, "wanted", diagnosis.wanted);
  number_or_null(writer, "carried", diagnosis.carried);
  text(writer, "first", diagnosis.first);
  writer.Key("exit");
  writer.Int(exit_status(observed, diagnosis));
  write_troubles(writer, diagnosis);
  write_table(writer, observed.facts);
  writer.Key("unknown");
  writer.StartArray();
  for (const auto& what : observed.unknown) write(writer, what);
  writer.EndArray();
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

}  // namespace wsflow::doctor
