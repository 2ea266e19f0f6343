#include "mod_wsflow/config/log_format.hpp"

#include <catch2/catch.hpp>

using namespace wsflow::config;

TEST_CASE("log_format: a format in its pieces") {
  const auto format = parse_log_format("%a \"%{User-Agent}i\"\\t100%% %{id}w%{%d.%m.}t");
  REQUIRE(format);
  const LogItem wanted[] = {
      {HandshakeField::client, ""},
      {Literal{}, " \""},
      {HandshakeField::request_field, "User-Agent"},
      {Literal{}, "\""},
      {Literal{}, "\t"},
      {Literal{}, "100"},
      {Literal{}, "%"},
      {Literal{}, " "},
      {LineField::id, "id"},
      {LineField::time, "%d.%m."},
  };
  REQUIRE(format->size() == std::size(wanted));
  for (std::size_t i = 0; i < std::size(wanted); ++i) {
    CAPTURE(i);
    CHECK(((*format)[i].field == wanted[i].field));
    CHECK((*format)[i].text == wanted[i].text);
  }
}

TEST_CASE("log_format: the same letter with and without braces") {
  const auto field = [](std::string_view format) { return parse_log_format(format)->at(0).field; };
  CHECK((field("%a") == LogField(HandshakeField::client)));
  CHECK((field("%{c}a") == LogField(HandshakeField::peer)));
  CHECK((field("%p") == LogField(HandshakeField::port)));
  CHECK((field("%{remote}p") == LogField(HandshakeField::remote_port)));
  CHECK((field("%T") == LogField(LineField::seconds)));
  CHECK((field("%{us}T") == field("%D")));
  CHECK((field("%P") == field("%{pid}w")));
}

TEST_CASE("log_format: what is no escape is named, with all that are") {
  const auto [format, named] = GENERATE(table<const char*, const char*>({
      {"%a %Z", "%Z: "},
      {"%{colour}w rest", "%{colour}w: "},
      {"%{User-Agent}", "%{User-Agent}: "},
      {"%{User-Agent", "%{User-Agent: "},
      {"%", "%: "},
      {"%{}i", "%{}i: "},
      {"%i", "%i: "},
      {"%{x}a", "%{x}a: "},
      {"%{x}%", "%{x}%: "},
      {"%>s", "%>: "},
  }));
  const auto error = parse_log_format(format).wrong();
  CAPTURE(format, error);
  CHECK(error.starts_with(named));
  for (const auto* legal :
       {" %a ", " %{c}a ", "%%", "%{outcome}w", "%{environment variable}e", "]format}t"}) {
    CHECK(error.find(legal) != std::string::npos);
  }
}

TEST_CASE("log_format: the presets are formats, and show neither users nor queries") {
  REQUIRE(log_presets().size() == 2);
  CHECK(log_presets()[0].name == "combined");
  CHECK(log_presets()[1].name == "json");
  for (const auto& preset : log_presets()) {
    const auto format = parse_log_format(preset.format);
    REQUIRE(format);
    for (const auto& item : *format) {
      CHECK((item.field != LogField(HandshakeField::user)));
      CHECK((item.field != LogField(HandshakeField::query)));
    }
  }
}
