#include "commands/health.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"

#include <sstream>

using namespace ingot;
using namespace ingot::commands;

namespace {

int asked(const settings& of) {
  std::ostringstream out, err;
  return health(of, {out, err});
}

} // namespace

TEST_CASE("health asks the node at the port and address that its settings name") {
  settings of;
  of.server.listen = "0.0.0.0";
  {
    local_http_server node{200, "{}"};
    of.server.port = node.port();
    CHECK(asked(of) == done);
    REQUIRE(node.requests().size() == 1);
  }
  CHECK_THROWS_WITH(asked(of), Catch::Contains("no answer from http://127.0.0.1:"));
  local_http_server ill{500, "{}"};
  of.server.port = ill.port();
  CHECK(asked(of) == failed);
  of.server.tls_certificate = "certificate.pem"; // then it speaks TLS, which this one does not
  CHECK_THROWS_WITH(asked(of), Catch::Contains("no answer from https://127.0.0.1:"));
}
