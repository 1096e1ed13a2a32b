#include "net/http/answer_text.hpp"
#include "net/http/message.hpp"
#include "net/http/valid_utf8.hpp"
#include "tests/support/catch.hpp"

#include <simdjson.h>

using namespace ingot;
using namespace ingot::http;

TEST_CASE("a refusal says code, message, places and request id, whatever bytes they hold") {
  const auto answer = refusal({fault::missing_field, "a \"b\"\n\\\x01\xff", {{"/a/\"", "\xed\xa0\x80"}, {"/b", "c"}}}, "id-1");
  CHECK(answer.status == 400);
  CHECK(answer.content_type == "application/json");
  simdjson::dom::parser parser;
  const simdjson::padded_string text(answer.body);
  const simdjson::dom::element error = parser.parse(text)["error"];
  CHECK(std::string_view(error["code"]) == "missing_field");
  CHECK(std::string_view(error["message"]) == "a \"b\"\n\\\x01\xef\xbf\xbd");
  CHECK(error["details"].get_array().size() == 2);
  CHECK(std::string_view(error["details"].at(0)["pointer"]) == "/a/\"");
  CHECK(std::string_view(error["details"].at(1)["message"]) == "c");
  CHECK(std::string_view(error["request_id"]) == "id-1");
}

TEST_CASE("each fault has its status, and says when to try again") {
  const std::pair<fault, unsigned> statuses[] = {{fault::malformed_body, 400},
                                                 {fault::missing_header, 400},
                                                 {fault::missing_field, 400},
                                                 {fault::unstorable_text, 400},
                                                 {fault::missing_signature, 401},
                                                 {fault::bad_signature, 401},
                                                 {fault::unauthorized, 401},
                                                 {fault::forbidden, 403},
                                                 {fault::not_found, 404},
                                                 {fault::method_not_allowed, 405},
                                                 {fault::conflict, 409},
                                                 {fault::body_too_large, 413},
                                                 {fault::unsupported_media_type, 415},
                                                 {fault::bad_parameter, 400},
                                                 {fault::refused_by_database, 422},
                                                 {fault::overloaded, 429},
                                                 {fault::internal, 500},
                                                 {fault::not_configured, 503},
                                                 {fault::storage_unavailable, 503},
                                                 {fault::lost, 503},
                                                 {fault::stopping, 503},
                                                 {fault::bad_request_framing, 400},
                                                 {fault::head_too_large, 431},
                                                 {fault::target_too_long, 414},
                                                 {fault::request_timeout, 408},
                                                 {fault::expectation_failed, 417},
                                                 {fault::version_not_supported, 505},
                                                 {fault::not_implemented, 501},
                                                 {fault::too_many_connections, 503}};
  for (const auto& [code, status] : statuses) {
    INFO(to_string(code));
    const auto answer = refusal({code, "m", {}}, "id");
    CHECK(answer.status == status);
    const bool again = status == 429 || (status == 503 && code != fault::not_configured);
    CHECK(answer.fields == (again ? std::vector<field>{{"retry-after", "1"}} : std::vector<field>{}));
  }
}

TEST_CASE("an answer stands on the wire with what the server adds") {
  response what;
  what.status = 404;
  what.body = "{\"a\":1}";
  what.fields.emplace_back("allow", "GET");
  std::string out;
  append_answer(out, what, {"D", "id", connection_option::close, false});
  CHECK(out == "HTTP/1.1 404 Not Found\r\nDate: D\r\nContent-Length: 7\r\nX-Request-Id: id\r\nConnection: close\r\n"
               "Content-Type: application/json\r\nallow: GET\r\n\r\n{\"a\":1}");
  out.clear();
  append_answer(out, what, {"D", "id", connection_option::none, true});
  CHECK(out.ends_with("allow: GET\r\n\r\n"));
  CHECK(out.find("Content-Length: 7\r\n") != std::string::npos);
}

TEST_CASE("no field splits an answer in two") {
  response what;
  what.fields.emplace_back("x", std::string("a\r\nSet-Cookie: b\0c", 18));
  what.content_type = "text/plain\r\n\r\n<html>";
  std::string out;
  append_answer(out, what, {"D", "id", connection_option::none, false});
  CHECK(out.find("\r\nSet-Cookie") == std::string::npos);
  CHECK(out.find("\r\n\r\n") == out.size() - 4);
  CHECK(out.find('\0') == std::string::npos);
}

TEST_CASE("the date is an IMF-fixdate") {
  CHECK(imf_fixdate(std::chrono::sys_seconds(std::chrono::seconds(784111777))) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(imf_fixdate(std::chrono::sys_seconds(std::chrono::seconds(0))) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("fields are found by their lower-case name") {
  request_head head;
  head.fields = {{"host", "x"}, {"empty", ""}};
  CHECK(head["host"] == "x");
  CHECK(head["none"].empty());
  CHECK(head.has("empty"));
  CHECK_FALSE(head.has("none"));
}

TEST_CASE("what is not UTF-8 is replaced byte by byte") {
  CHECK(valid_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") == "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  for (const std::string bad :
       {"\xff", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"}) {
    std::string replaced;
    for (std::size_t i = 0; i < bad.size(); ++i)
      replaced += "\xef\xbf\xbd";
    CHECK(valid_utf8(bad) == replaced);
  }
}
