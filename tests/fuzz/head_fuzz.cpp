#include "net/http/chunked.hpp"
#include "net/http/head_check.hpp"
#include "tests/fuzz/input.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>
#include <string>
#include <string_view>

// Input: the bytes of one connection. What passes must be read the same way by Boost.Beast, a parser that knows nothing of ours.

namespace {

using namespace ingot;
using namespace ingot::http;
using fuzz::require;
namespace beast_http = boost::beast::http;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

/// The verdict on a head must not depend on how its bytes were cut.
void check_scanner(std::string_view input, std::size_t cut) {
  head_scanner whole;
  head_scanner pieces;
  const auto expected = whole.look(input);
  auto got = pieces.look(input.substr(0, cut));
  if (got == head_scanner::result::need_more)
    got = pieces.look(input);
  require(got == expected && (got == head_scanner::result::malformed || pieces.size() == whole.size()));
}

struct decoded {
  chunk_decoder::result end = chunk_decoder::result::need_more;
  std::string body;
  std::size_t taken = 0;
};

decoded decode(std::string_view text, std::size_t piece) {
  chunk_decoder decoder;
  decoded out;
  do {
    auto in = text.substr(out.taken, piece);
    const auto before = in.size();
    std::string_view data;
    while ((out.end = decoder.next(in, data)) == chunk_decoder::result::data)
      out.body += data;
    out.taken += before - in.size();
  } while (out.end == chunk_decoder::result::need_more && out.taken < text.size());
  return out;
}

/// The body that we would hand on, if `rest` holds all of it.
std::optional<std::string> body_of(const checked_head& head, std::string_view rest) {
  switch (head.framing) {
  case body_framing::none:
    return std::string();
  case body_framing::length:
    return rest.size() < head.content_length ? std::nullopt : std::optional<std::string>(rest.substr(0, head.content_length));
  case body_framing::chunked:
    break;
  }
  const auto whole = decode(rest, rest.size() + 1);
  const auto bytes = decode(rest, 1);
  require(whole.end == bytes.end && whole.body == bytes.body && whole.taken == bytes.taken);
  return whole.end == chunk_decoder::result::complete ? std::optional(whole.body) : std::nullopt;
}

/// Fields whose values Beast parses itself, and refuses where we pass them on.
bool parsed_by_beast(const checked_head& head) {
  for (const auto& field : head.fields)
    if (equal_ignoring_case(field.name, "connection") || equal_ignoring_case(field.name, "proxy-connection") ||
        equal_ignoring_case(field.name, "upgrade"))
      return true;
  return false;
}

/// Beast judges trailers as if they were fields of the head, and has a grammar of its own for extensions.
bool judges_what_we_drop(const boost::beast::error_code& ec) {
  using beast_http::error;
  return ec == error::bad_value || ec == error::bad_transfer_encoding || ec == error::bad_content_length ||
         ec == error::multiple_content_length;
}

void compare_with_beast(const checked_head& head, std::string_view input, std::size_t head_size) {
  if (head.content_length > 1 << 20) // Beast takes all the memory that a sender promises to fill
    return;
  beast_http::request_parser<beast_http::string_body> parser;
  parser.eager(true);
  parser.header_limit(1 << 20);
  parser.body_limit(boost::none);
  boost::beast::error_code ec;
  for (std::size_t taken = 0, step = 1; !parser.is_done() && !ec && step != 0 && taken < input.size(); taken += step)
    step = parser.put(boost::asio::buffer(input.data() + taken, input.size() - taken), ec);
  if (!parser.is_header_done()) {
    require(parsed_by_beast(head));
    return;
  }
  const auto& theirs = parser.get();
  require(view(theirs.method_string()) == head.method);
  require(theirs.version() == (head.http_1_0 ? 10u : 11u));
  require(parser.chunked() == (head.framing == body_framing::chunked));
  require(parser.content_length().value_or(0) == head.content_length);
  if (const auto body = body_of(head, input.substr(head_size)))
    require(parser.is_done() ? theirs.body() == *body : judges_what_we_drop(ec));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_scanner(input, size / 2);
  head_scanner scanner;
  checked_head head;
  (void)check_head(input, head); // any bytes at all
  if (scanner.look(input) != head_scanner::result::complete || !check_head(input.substr(0, scanner.size()), head))
    return 0;
  compare_with_beast(head, input, scanner.size());
  return 0;
}
