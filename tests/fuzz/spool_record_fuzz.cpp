#include "storage/spool_record.hpp"
#include "tests/fuzz/input.hpp"

#include <string>

// Input: a record of the spool. What is read as one is written with the same bytes; and a byte that is flipped changes its
// checksum.

using namespace ingot;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto record = std::string{fuzz::input{data, size}.rest()};
  if (const auto x = storage::from_record(record))
    require(storage::to_record(*x) == record);
  auto kept = delivery{};
  kept.id = record.substr(0, size / 2);
  kept.body = record.substr(size / 2);
  const auto written = storage::to_record(kept);
  const auto back = storage::from_record(written);
  require(back && back->id == kept.id && back->body == kept.body && storage::to_record(*back) == written);
  if (record.empty())
    return 0;
  auto flipped = record;
  flipped[size / 3] = static_cast<char>(flipped[size / 3] ^ (1 << size % 8));
  require(storage::row_checksum(7, record) != storage::row_checksum(7, flipped));
  require(storage::row_checksum(7, record) != storage::row_checksum(8, record));
  return 0;
}
