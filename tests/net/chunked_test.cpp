#include "net/http/chunked.hpp"
#include "tests/support/catch.hpp"

#include <string>

using ingot::http::chunk_decoder;
using result = chunk_decoder::result;

namespace {

struct decoded {
  result end;
  std::string body;
  std::string rest;
};

/// Gives the decoder `text` in pieces of `piece` bytes.
decoded decode(std::string_view text, std::size_t piece = ~std::size_t(0)) {
  chunk_decoder decoder;
  decoded out{result::need_more, {}, {}};
  while (true) {
    auto in = text.substr(0, piece);
    text.remove_prefix(in.size());
    std::string_view data;
    while ((out.end = decoder.next(in, data)) == result::data)
      out.body += data;
    if (out.end != result::need_more || text.empty()) {
      out.rest = std::string(in) + std::string(text);
      return out;
    }
  }
}

} // namespace

TEST_CASE("a chunked body is the same however its bytes are cut") {
  const std::string text = "5\r\nhello\r\nA;ext=\"a;\\\"b\";x;y=z\r\n0123456789\r\n0000\r\nX-T: v\r\nY:\r\n\r\nGET";
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 1000u}) {
    const auto out = decode(text, piece);
    CHECK(out.end == result::complete);
    CHECK(out.body == "hello0123456789");
    CHECK(out.rest == "GET");
  }
}

TEST_CASE("a broken chunked coding is refused at its first bad byte") {
  for (const std::string text : {"0x5\r\n",
                                 "g\r\n",
                                 " 5\r\n",
                                 "5 \r\n",
                                 "1_0\r\n",
                                 "-1\r\n",
                                 "+1\r\n",
                                 "\r\n",
                                 ";a\r\n",
                                 "5\n",
                                 "5\r5",
                                 "5;a\nb",
                                 "5;a\rb",
                                 "5;a\x01",
                                 "5;\r\n",
                                 "5;;a\r\n",
                                 "5;a=\r\n",
                                 "5; a\r\n",
                                 "5;a=\"b\r\n",
                                 "5;a=\"b\"c\r\n",
                                 "5;a=\"\\\r\n",
                                 "5\r\nhello0\r\n",
                                 "5\r\nhello\n",
                                 "5\r\nhello\r0",
                                 "1000000000000000\r\n",
                                 "0\r\nX T: v\r\n",
                                 "0\r\n: v\r\n",
                                 "0\r\n X: v\r\n",
                                 "0\r\nX: \x01\r\n",
                                 "0\r\nX\r\n",
                                 "0\r\n\n",
                                 "0\r\n\r0"}) {
    INFO(text);
    CHECK(decode(text).end == result::malformed);
    CHECK(decode(text, 1).end == result::malformed);
  }
}

TEST_CASE("law 5: chunk extensions and trailers are bounded over the whole body") {
  const std::string long_extension = "1;" + std::string(chunk_decoder::extension_bytes_max, 'a') + "\r\n";
  CHECK(decode(long_extension).end == result::too_much_overhead);
  std::string many_extensions;
  for (std::size_t i = 0; i <= chunk_decoder::extension_bytes_max / 10; ++i)
    many_extensions += "1;aaaaaaaaaa\r\nx\r\n";
  CHECK(decode(many_extensions).end == result::too_much_overhead);
  std::string trailers = "0\r\n";
  for (std::size_t i = 0; i <= chunk_decoder::trailer_bytes_max / 4; ++i)
    trailers += "X: y\r\n";
  CHECK(decode(trailers).end == result::too_much_overhead);
}
