#include "model/client_address.hpp"

#include "tests/support/catch.hpp"

using namespace ingot;

namespace {

const auto proxies = *parse_networks("127.0.0.1 10.0.0.0/8, 2001:db8:ffff::/48");

/// Who it is, found from a peer at 127.0.0.1 unless said otherwise.
bool comes_from(const char* expected, std::string_view forwarded, std::string_view x_forwarded_for,
                const char* peer = "127.0.0.1") {
  return client_address(*parse_ip(peer), forwarded, x_forwarded_for, proxies) == *parse_ip(expected);
}

} // namespace

TEST_CASE("model: only a trusted proxy is believed when it says who called it") {
  CHECK(comes_from("192.0.2.1", "", "192.0.2.1"));
  CHECK(comes_from("198.51.100.1", "", "192.0.2.1", "198.51.100.1"));
  CHECK(comes_from("198.51.100.1", "for=192.0.2.1", "", "198.51.100.1"));
  CHECK(client_address(*parse_ip("127.0.0.1"), "for=192.0.2.1", "192.0.2.1", {}) == *parse_ip("127.0.0.1"));
}

TEST_CASE("model: the nearest hop that is no trusted proxy is the client, whatever stands before it") {
  CHECK(comes_from("192.0.2.1", "", "203.0.113.5, 192.0.2.1, 10.1.2.3"));
  CHECK(comes_from("203.0.113.5", "", "203.0.113.5"));
  CHECK(comes_from("10.1.2.3", "", "10.1.2.3, 10.1.2.4"));
  CHECK(comes_from("127.0.0.1", "", ""));
  CHECK(comes_from("10.1.2.3", "", "unknown, 10.1.2.3"));
  CHECK(comes_from("127.0.0.1", "", "192.0.2.1, garbage"));
}

TEST_CASE("model: Forwarded is read as RFC 7239 writes it, and counts where no X-Forwarded-For is") {
  CHECK(comes_from("192.0.2.60", "for=192.0.2.60;proto=http;by=203.0.113.43", ""));
  CHECK(comes_from("198.51.100.1", "for=192.0.2.60", "198.51.100.1"));
  CHECK(comes_from("198.51.100.1", "", "\", 198.51.100.1"));
  CHECK(comes_from("2001:db8:cafe::17", "For=\"[2001:db8:cafe::17]:4711\"", ""));
  CHECK(comes_from("192.0.2.43", "for=192.0.2.43:8080, for=\"10.0.0.1\"", ""));
  CHECK(comes_from("127.0.0.1", "for=_hidden", ""));
  CHECK(comes_from("127.0.0.1", "proto=http", ""));
  CHECK(comes_from("127.0.0.1", "for=\"a;b,c\\\"d\"", ""));
  CHECK(comes_from("192.0.2.7", "", "192.0.2.7:1234"));
  CHECK(comes_from("2001:db8::7", "", "2001:db8::7"));
}

TEST_CASE("model: an IPv4 address in IPv6's clothes is the IPv4 address") {
  CHECK(comes_from("192.0.2.1", "", "192.0.2.1", "::ffff:127.0.0.1"));
  CHECK(comes_from("192.0.2.1", "", "::ffff:192.0.2.1"));
}

TEST_CASE("model: networks are read with and without their sizes, and nothing else is one") {
  CHECK(parse_networks("")->empty());
  CHECK(parse_networks("10.0.0.0/8 ::1/128,192.0.2.1")->size() == 3);
  for (const auto* text : {"10.0.0.0/33", "10.0.0/8", "::1/129", "10.0.0.0/", "10.0.0.0/8x", "proxy", "10.0.0.0/-1"}) {
    INFO(text);
    CHECK_FALSE(parse_networks(text));
  }
  using namespace std::string_literals;
  CHECK_FALSE(parse_ip("::1\0 and more"s));
  CHECK_FALSE(parse_networks("192.0.2.1\0/8"s));
  const auto net = parse_networks("192.0.2.128/25")->front();
  CHECK(contains(net, *parse_ip("192.0.2.200")));
  CHECK_FALSE(contains(net, *parse_ip("192.0.2.127")));
  CHECK_FALSE(contains(net, *parse_ip("2001:db8::1")));
}
