#include "commands/deliveries.hpp"
#include "commands/http_call.hpp"
#include "tests/config/scratch_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/has_text.hpp"
#include "tests/support/local_http_server.hpp"

#include <sstream>

using namespace ingot;
using namespace ingot::commands;

TEST_CASE("the option --since takes a time or how long ago") {
  auto now = *parse_rfc3339("2024-05-08T12:00:00Z");
  CHECK(parse_since("2024-05-01T10:00:00Z", now) == *parse_rfc3339("2024-05-01T10:00:00Z"));
  CHECK(parse_since("2024-05-01", now) == *parse_rfc3339("2024-05-01T00:00:00Z"));
  CHECK(parse_since("2h", now) == *parse_rfc3339("2024-05-08T10:00:00Z"));
  CHECK(parse_since("7d", now) == *parse_rfc3339("2024-05-01T12:00:00Z"));
  for (const auto* wrong : {"", "yesterday", "7", "-2h", "2024-05-01T", "2024-13-01"})
    CHECK_THROWS_AS(parse_since(wrong, now), usage_error);
}

TEST_CASE("a place in the listing survives being printed, whatever the delivery's id") {
  storage::delivery_cursor at{*parse_rfc3339("2024-05-01T10:00:00.123456Z"), "a,b c"};
  auto back = parse_cursor(print_cursor(at));
  CHECK(back.received_at == at.received_at);
  CHECK(back.id == at.id);
  CHECK_THROWS_AS(parse_cursor("nonsense"), std::runtime_error);
  CHECK_THROWS_AS(parse_cursor("2024-05-01T10:00:00Z"), std::runtime_error);
}

TEST_CASE("replay asks the node with the kept admin token, and one refusal makes it fail") {
  scratch_folder folder;
  folder.write("admin.token", "kept-token-0123456789\n");
  for (int status : {200, 404}) {
    local_http_server server{status, R"({"status":"stored"})"};
    settings of;
    of.data_dir = folder.path();
    of.server.port = server.port();
    std::ostringstream out;
    std::ostringstream err;
    auto code = replay_deliveries(of, {"a b/../c", ".."}, {out, err, true, false});
    CHECK(code == (status == 200 ? done : failed));
    auto requests = server.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].starts_with("POST /api/v1/admin/deliveries/a%20b%2F..%2Fc/replay HTTP/1.1\r\n"));
    CHECK(requests[0].find("\r\nAuthorization: Bearer kept-token-0123456789\r\n") != std::string::npos);
    CHECK(requests[1].starts_with("POST /api/v1/admin/deliveries/../replay HTTP/1.1\r\n"));
    // Law 9.
    CHECK((out.str() + err.str()).find("kept-token") == std::string::npos);
  }
}

TEST_CASE("replay without a token or without a node says what to do") {
  scratch_folder folder;
  settings of;
  of.data_dir = folder.path();
  std::ostringstream out;
  CHECK_THROWS_WITH(replay_deliveries(of, {"x"}, {out, out, false, false}), testing::has_text("INGOT_ADMIN_TOKEN"));
  of.admin_token = "a-token-0123456789";
  of.server.port = 1;
  CHECK_THROWS_WITH(replay_deliveries(of, {"x"}, {out, out, false, false}),
                    testing::has_text("no answer from http://127.0.0.1:1/"));
}

TEST_CASE("the node of this machine is reached on loopback when it listens everywhere") {
  settings of;
  CHECK(node_url(of) == "http://127.0.0.1:8787");
  of.server.listen = "0.0.0.0";
  CHECK(node_url(of) == "http://127.0.0.1:8787");
  of.server.listen = "::";
  CHECK(node_url(of) == "http://[::1]:8787");
  of.server.listen = "fe80::1";
  of.server.tls_certificate = "cert.pem";
  CHECK(node_url(of) == "https://[fe80::1]:8787");
}

TEST_CASE("a listing without a database says what to do") {
  scratch_folder folder;
  settings of;
  of.data_dir = folder.path() / "data";
  std::ostringstream out;
  CHECK_THROWS_WITH(list_deliveries(of, {}, timestamp{}, {out, out, false, false}), testing::has_text("start the node once"));
  CHECK_FALSE(std::filesystem::exists(of.data_dir));
  of.database.url = "postgresql://user:pa55word@127.0.0.1:1/none";
  try {
    list_deliveries(of, {}, timestamp{}, {out, out, false, false});
    FAIL("no error");
  } catch (const std::runtime_error& e) {
    INFO(e.what());
    CHECK(std::string{e.what()}.find("cannot reach the database postgresql://user:***@127.0.0.1:1/none") == 0);
    CHECK(std::string{e.what()}.find("pa55word") == std::string::npos);
  }
}
