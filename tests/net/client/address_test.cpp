#include "net/client/address.hpp"
#include "tests/support/catch.hpp"

#include <vector>

using namespace ingot;
using namespace ingot::client;

namespace {

bool is_public_text(const std::string& text) {
  CAPTURE(text);
  const auto x = parse_ip(text);
  REQUIRE(x);
  return is_public(*x);
}

} // namespace

TEST_CASE("an address of the open internet is public, up to the edge of what is not") {
  for (const auto* text :
       {"1.1.1.1",      "9.255.255.255",       "11.0.0.0",    "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.1",    "169.253.255.255",     "169.255.0.0", "172.15.255.255", "172.32.0.0",  "192.0.1.0",
        "192.0.3.0",    "192.167.255.255",     "192.169.0.0", "198.17.255.255", "198.20.0.0",  "223.255.255.255",
        "8.8.8.8",      "2606:4700::1111",     "2001:200::1", "2001:db7::1",    "2001:db9::1", "2003::1",
        "3fff:1000::1", "2a00:1450:4001::200e"})
    CHECK(is_public_text(text));
}

TEST_CASE("what is private, loopback, link-local, shared, multicast or reserved is not public") {
  for (const auto* text :
       {"0.0.0.0",     "0.1.2.3",         "10.0.0.1",        "10.255.255.255", "100.64.0.1",     "100.127.255.255",
        "127.0.0.1",   "127.255.255.254", "169.254.169.254", "172.16.0.1",     "172.31.255.255", "192.0.0.8",
        "192.0.2.1",   "192.88.99.1",     "192.168.0.1",     "198.18.0.1",     "198.19.255.255", "198.51.100.1",
        "203.0.113.1", "224.0.0.1",       "239.255.255.255", "240.0.0.1",      "255.255.255.255"})
    CHECK_FALSE(is_public_text(text));
  for (const auto* text :
       {"::",      "::1",     "::8.8.8.8",   "::ffff:8.8.8.8", "::ffff:127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::1",
        "100::1",  "2001::1", "2001:1ff::1", "2001:db8::1",    "2002:808:808::1",  "3fff::1",          "5f00::1",
        "fc00::1", "fd12::1", "fe80::1",     "fec0::1",        "ff02::1",          "4000::1"})
    CHECK_FALSE(is_public_text(text));
}

TEST_CASE("only a whole address is one") {
  for (const auto* text : {"", "localhost", "127.1", "0x7f.0.0.1", "1.2.3.4 ", "[::1]", "::1%lo", "1.2.3.4:80"})
    CHECK_FALSE(parse_ip(text));
}
