#include "mod_wsflow/ws/response_head.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <string_view>

using namespace wsflow::ws;
using namespace std::string_literals;

namespace {

constexpr std::size_t kNone = std::string_view::npos;

HeadError parse(std::string_view head) {
  ResponseHead out;
  return parse_response_head(head, out);
}

// A status line and one field, as given.
HeadError parse_with_field(const std::string& line) {
  return parse("HTTP/1.1 101 x\r\n" + line + "\r\n\r\n");
}

std::string head_of(std::size_t fields) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (std::size_t i = 0; i < fields; ++i) head += "X-" + std::to_string(i) + ": v\r\n";
  return head + "\r\n";
}

}  // namespace

TEST_CASE("the end of a head is behind its empty line", "[response_head]") {
  CHECK(find_head_end("HTTP/1.1 101 x\r\nA: b\r\n\r\n", 0) == 24);
  CHECK(find_head_end("HTTP/1.1 101 x\r\n\r\nrest\r\n\r\n", 0) == 18);
  CHECK(find_head_end("A\n\n", 0) == 3);
  CHECK(find_head_end("A\r\n\n", 0) == 4);
  CHECK(find_head_end("A\n\r\n", 0) == 4);

  for (const std::string_view open :
       {"", "A", "\n", "\r\n", "\r\n\r", "A\r\n\r", "A\r\nB\r\n", "A\r\r\r", "A\r\n\rB\n", "A\n\r\r\n"}) {
    CAPTURE(open);
    CHECK(find_head_end(open, 0) == kNone);
  }
}

TEST_CASE("the end of a head is found however it arrives", "[response_head]") {
  for (const std::string& head : {"HTTP/1.1 101 x\r\nA: b\r\n\r\n"s, "HTTP/1.1 101 x\nA: b\n\n"s, "A\r\n\n"s,
                                  "A\n\r\n"s, "\r\n\r\n"s, "A\r\n\rB\r\n\r\r\n\r\n"s}) {
    CAPTURE(head);
    const std::string buffer = head + "early\n\nbytes";
    for (std::size_t first = 0; first < head.size(); ++first) {
      for (std::size_t second = first; second < head.size(); ++second) {
        CAPTURE(first, second);
        REQUIRE(find_head_end(std::string_view(buffer).substr(0, first), 0) == kNone);
        REQUIRE(find_head_end(std::string_view(buffer).substr(0, second), first) == kNone);
        REQUIRE(find_head_end(buffer, second) == head.size());
      }
    }
  }
}

TEST_CASE("a whole head is parsed into views of the buffer", "[response_head]") {
  const std::string head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-Empty:\r\n"
      "connection:\t  Upgrade, x \t\r\nX-Colon: a:b\tc\r\nX-Bytes: \xC3\xA9\r\n\r\n";
  ResponseHead out;
  REQUIRE(parse_response_head(head, out) == HeadError::none);
  CHECK(out.minor == 1);
  CHECK(out.status == 101);
  CHECK(out.status_text == "101 Switching Protocols");
  REQUIRE(out.fields.size() == 5);
  CHECK(out.fields[0].name == "Upgrade");
  CHECK(out.fields[0].value == "websocket");
  CHECK(out.fields[1].name == "X-Empty");
  CHECK(out.fields[1].value.empty());
  CHECK(out.fields[2].name == "connection");
  CHECK(out.fields[2].value == "Upgrade, x");
  CHECK(out.fields[3].value == "a:b\tc");
  CHECK(out.fields[4].value == "\xC3\xA9");
  CHECK(out.fields[0].name.data() == head.data() + head.find("Upgrade"));
}

TEST_CASE("lines may end with a bare line feed", "[response_head]") {
  ResponseHead out;
  REQUIRE(parse_response_head("HTTP/1.0 404 Not Found\nA: b\r\nC: d\n\n", out) == HeadError::none);
  CHECK(out.minor == 0);
  CHECK(out.status_text == "404 Not Found");
  REQUIRE(out.fields.size() == 2);
  CHECK(out.fields[0].value == "b");
  CHECK(out.fields[1].value == "d");
}

TEST_CASE("a reason may be missing", "[response_head]") {
  for (const std::string_view head : {"HTTP/1.1 200\r\n\r\n", "HTTP/1.1 200 \r\n\r\n"}) {
    ResponseHead out;
    REQUIRE(parse_response_head(head, out) == HeadError::none);
    CHECK(out.status == 200);
    CHECK(out.status_text == "200");
    CHECK(out.fields.empty());
  }
}

TEST_CASE("each status from 100 to 599 is taken and no other", "[response_head]") {
  for (int status = 0; status <= 999; ++status) {
    std::string digits = std::to_string(status);
    digits.insert(0, 3 - digits.size(), '0');
    ResponseHead out;
    const HeadError error = parse_response_head("HTTP/1.1 " + digits + " x\r\n\r\n", out);
    if (error != (status >= 100 && status <= 599 ? HeadError::none : HeadError::bad_status_line)) {
      FAIL("wrong for " << digits);
    }
    if (error == HeadError::none && out.status != status) FAIL("read as " << out.status << ": " << digits);
  }
  SUCCEED();
}

TEST_CASE("anything but an HTTP/1.x status line is refused", "[response_head]") {
  for (const std::string_view line : {"",
                                      "HTTP/1.1",
                                      "HTTP/1.1 ",
                                      "HTTP/1.1 20",
                                      "HTTP/1.1 2000 x",
                                      "HTTP/1.1 20x OK",
                                      "HTTP/1.1 -12 OK",
                                      "HTTP/1.1  200 OK",
                                      "HTTP/1.1\t200 OK",
                                      "HTTP/1.1 200\tOK",
                                      " HTTP/1.1 200 OK",
                                      "http/1.1 200 OK",
                                      "HTTP/2.0 200 OK",
                                      "HTTP/0.9 200 OK",
                                      "HTTP/1.x 200 OK",
                                      "HTTP/1.10 200 OK",
                                      "HTTP/1 200 OK",
                                      "ICY 200 OK",
                                      "SSH-2.0-OpenSSH_9.2",
                                      "GET / HTTP/1.1"}) {
    CAPTURE(line);
    CHECK(parse(std::string(line) + "\r\n\r\n") == HeadError::bad_status_line);
  }
  CHECK(parse("") == HeadError::bad_status_line);
  CHECK(parse("HTTP/1.1 200 OK") == HeadError::bad_status_line);
}

TEST_CASE("a line that is no field is refused", "[response_head]") {
  CHECK(parse_with_field("A: b") == HeadError::none);
  for (const char* line : {"A", "A b", ": b", " : b", " A: b", "A b: c", "A b : c", "A: b\r\n folded",
                           "A: b\r\n\tfolded", "A: b\r\n \r\nC: d", "(A): b", "A\": b", "\xC3\xA9: b"}) {
    CAPTURE(line);
    CHECK(parse_with_field(line) == HeadError::bad_field);
  }
}

TEST_CASE("white space before the colon is none of the name", "[response_head]") {
  for (const std::string line : {"A : b", "A\t: b", "A \t :b"}) {
    const std::string head = "HTTP/1.1 101 x\r\n" + line + "\r\n\r\n";
    ResponseHead out;
    CAPTURE(line);
    REQUIRE(parse_response_head(head, out) == HeadError::none);
    CHECK(out.fields[0].name == "A");
    CHECK(out.fields[0].value == "b");
  }
}

TEST_CASE("folded lines go on with the value before them", "[response_head]") {
  const auto unfolded = [](std::string head) {
    unfold(head);
    return head;
  };
  const std::string status = "HTTP/1.1 101 x\r\n";
  CHECK(unfolded(status + "A: b\r\n c\r\n\r\n") == status + "A: b   c\r\n\r\n");
  CHECK(unfolded(status + "A: b\n\tc\n d\n\n") == status + "A: b \tc  d\n\n");
  CHECK(unfolded(status + "A:\r\n b\r\n\r\n") == status + "A:   b\r\n\r\n");
  CHECK(unfolded(status + "A: b\r\n \r\nC: d\r\n\r\n") == status + "A: b   \r\nC: d\r\n\r\n");
  CHECK(unfolded(status + "A: b\r\n C: d\r\n\r\n") == status + "A: b   C: d\r\n\r\n");

  for (const std::string& head :
       {""s, "HTTP/1.1"s, status, status + "\r\n", status + "A: b\r\n\r\n", status + " A: b\r\n\r\n",
        status + "A\r\n : b\r\n\r\n", status + "A: b\r\nC\r\n d: e\r\n\r\n"}) {
    CAPTURE(head);
    CHECK(unfolded(head) == head);
  }
  CHECK(parse(unfolded(status + " A: b\r\n\r\n")) == HeadError::bad_field);
  CHECK(parse(unfolded(status + "A\r\n : b\r\n\r\n")) == HeadError::bad_field);
  CHECK(parse(unfolded(status + "A: b\r\r\n c\r\n\r\n")) == HeadError::control_character);
}

TEST_CASE("no control character gets through", "[response_head]") {
  for (int value = 0; value < 256; ++value) {
    const char c = static_cast<char>(value);
    if (c == '\n' || c == '\t') continue;
    const HeadError expected = value < 0x20 || value == 0x7F ? HeadError::control_character : HeadError::none;
    CAPTURE(value);
    CHECK(parse_with_field("A: b"s + c + "d") == expected);
    CHECK(parse("HTTP/1.1 200 a"s + c + "b\r\n\r\n") == expected);
    if (expected == HeadError::control_character) CHECK(parse_with_field("A"s + c + ": b") == expected);
  }
  CHECK(parse_with_field("A: b\r") == HeadError::control_character);
  CHECK(parse_with_field("\r") == HeadError::control_character);
}

TEST_CASE("a head ends with its empty line", "[response_head]") {
  CHECK(parse("HTTP/1.1 200 OK\r\nA: b\r\n") == HeadError::bad_field);
  CHECK(parse("HTTP/1.1 200 OK\r\nA: b\r\n\r") == HeadError::bad_field);
  CHECK(parse("HTTP/1.1 200 OK\r\n\r\nbody") == HeadError::bad_field);
}

TEST_CASE("the number of fields is bounded", "[response_head]") {
  ResponseHead out;
  CHECK(parse_response_head(head_of(kMaxHeadFields), out) == HeadError::none);
  CHECK(out.fields.size() == kMaxHeadFields);
  CHECK(parse_response_head(head_of(kMaxHeadFields + 1), out) == HeadError::too_many_fields);
  CHECK(parse_response_head(head_of(100000), out) == HeadError::too_many_fields);
  CHECK(out.fields.size() == kMaxHeadFields);
}

TEST_CASE("a head that is parsed again leaves nothing of the former", "[response_head]") {
  ResponseHead out;
  REQUIRE(parse_response_head(head_of(3), out) == HeadError::none);
  REQUIRE(parse_response_head("HTTP/1.0 502 Bad\r\n\r\n", out) == HeadError::none);
  CHECK(out.fields.empty());
  CHECK(out.status == 502);
  CHECK(out.minor == 0);
}

TEST_CASE("each error has its sentence", "[response_head]") {
  std::set<std::string> sentences;
  for (const HeadError error : {HeadError::none, HeadError::bad_status_line, HeadError::bad_field,
                                HeadError::too_many_fields, HeadError::control_character}) {
    sentences.insert(describe(error));
  }
  CHECK(sentences.size() == 5);
}
