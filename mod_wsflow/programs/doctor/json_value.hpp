#pragma once

#include <rapidjson/document.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsflow::doctor {

// A value of a JSON text that may be of any kind, or not be there: whoever asks for another kind gets
// nothing.
class JsonValue {
 public:
  JsonValue() noexcept = default;
  explicit JsonValue(const rapidjson::Value& value) noexcept : value_(&value) {}

  JsonValue operator[](const char* name) const {
    if (value_ == nullptr || !value_->IsObject()) return {};
    const auto found = value_->FindMember(name);
    return found != value_->MemberEnd() ? JsonValue(found->value) : JsonValue();
  }
  bool is_object() const noexcept { return value_ != nullptr && value_->IsObject(); }

  // Belongs to the document.
  std::string_view text() const noexcept {
    if (value_ == nullptr || !value_->IsString()) return "";
    return {value_->GetString(), value_->GetStringLength()};
  }
  // No number of these formats is greater than kMost: products of three of them can be computed.
  static constexpr std::uint64_t kMost = 1'000'000'000'000;
  std::optional<std::uint64_t> number() const noexcept {
    if (value_ == nullptr || !value_->IsUint64()) return std::nullopt;
    return std::min(value_->GetUint64(), kMost);
  }
  std::optional<double> real() const noexcept {
    if (value_ == nullptr || !value_->IsNumber()) return std::nullopt;
    return value_->GetDouble();
  }
  bool flag() const noexcept { return value_ != nullptr && value_->IsTrue(); }

  template <class Visit>
  void each(Visit&& visit) const {
    if (value_ == nullptr || !value_->IsArray()) return;
    for (const auto& element : value_->GetArray()) visit(JsonValue(element));
  }
  template <class Visit>
  void each_member(Visit&& visit) const {
    if (value_ == nullptr || !value_->IsObject()) return;
    for (const auto& member : value_->GetObject())
      visit(std::string_view(member.name.GetString(), member.name.GetStringLength()),
            JsonValue(member.value));
  }

 private:
  const rapidjson::Value* value_ = nullptr;
};

// Parses a text into `document`; what is wrong with it, or an empty text. `what` names it.
std::string parse_json(rapidjson::Document& document, std::string_view text, const char* what);

}  // namespace wsflow::doctor
