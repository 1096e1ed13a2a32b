#include "model/contents/provider.hpp"
#include "net/github/archive_reader.hpp"
#include "tests/fuzz/input.hpp"

#include <string>
#include <utility>

// Input: an archive as GitHub sends it, after a byte for the size of pieces. It is read or refused; bytes come only for a file
// that is wanted; and whoever takes too many can stop it.

namespace {

using namespace ingot;
using fuzz::require;

struct too_much {};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto in = fuzz::input{data, size};
  const auto piece = std::size_t{16} + 16 * in.byte();
  const auto all = in.rest();
  auto reading = false;
  auto bytes = std::size_t{0};
  auto files = std::size_t{0};
  const auto sink = github::archive_sink{
      .wants =
          [&](const github::archived_file& x) {
            require(!reading && x.link_target.size() <= size * 1'100);
            reading = ++files % 3 != 0;
            return reading;
          },
      .bytes =
          [&](std::string_view x) {
            require(reading);
            if ((bytes += x.size()) > 4 * 1024 * 1024)
              throw too_much{};
          },
      .done = [&] { require(std::exchange(reading, false)); },
  };
  const auto produce = [&](const std::function<void(std::string_view)>& put) {
    for (auto rest = all; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
      put(rest.substr(0, piece));
  };
  try {
    github::read_archive(produce, sink);
    require(!reading);
  } catch (const contents::provider_error& e) {
    require(e.kind() == contents::trouble::transient);
  } catch (const too_much&) {
    require(bytes > 4 * 1024 * 1024);
  }
  return 0;
}
