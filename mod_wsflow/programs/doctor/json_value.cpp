#include "mod_wsflow/programs/doctor/json_value.hpp"

#include <rapidjson/error/en.h>

namespace wsflow::doctor {

std::string parse_json(rapidjson::Document& document, std::string_view text, const char* what) {
  // Without recursion: the depth of a text is its author's choice.
  constexpr unsigned kParseFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  document.Parse<kParseFlags>(text.data(), text.size());
  if (document.HasParseError()) {
    return std::string(what) + " is no JSON: " + rapidjson::GetParseError_En(document.GetParseError()) +
           " (byte " + std::to_string(document.GetErrorOffset()) + " of " + std::to_string(text.size()) + ")";
  }
  return document.IsObject() ? std::string() : std::string(what) + " is no JSON object";
}

}  // namespace wsflow::doctor
