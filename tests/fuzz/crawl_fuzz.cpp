#include "model/crawl/items.hpp"
#include "tests/fuzz/input.hpp"

#include <set>
#include <string>

// Input: the body of POST /ingest/crawl. Every item of it is sound and once, or told of; the sound ones are within every limit.

namespace {

using namespace ingot;
using fuzz::require;

constexpr std::size_t items_max = 20;

void check(const crawl::submission& x) {
  require(!x.items.empty() && x.items.size() + x.rejected <= items_max && x.errors.size() >= x.rejected);
  require(crawl::is_source_id(x.source_id) || x.source_id.size() <= crawl::source_id_size_max * 4);
  auto ids = std::set<std::string>{};
  auto told = std::set<std::uint32_t>{};
  for (const auto& e : x.errors) {
    require(fuzz::is_storable(e.message) && fuzz::is_storable(e.pointer) && !e.code.empty() && e.message.size() < 1'000);
    told.insert(e.index);
  }
  require(told.size() == x.rejected);
  for (const auto& item : x.items) {
    require(ids.insert(item.external_id).second && !told.contains(item.index) && item.index < items_max);
    require(!item.title.empty() && !item.url.empty() && item.content_hash.size() == 64);
    require(item.title.size() <= 4 * crawl::title_size_max && item.url.size() <= 4 * crawl::url_size_max);
    require(!item.raw || (item.raw->size() <= crawl::raw_bytes_max && fuzz::is_storable(*item.raw)));
    for (const auto& text : {item.external_id, item.url, item.title, item.summary.value_or("")})
      require(fuzz::is_storable(text));
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = fuzz::input{data, size}.rest();
  const auto read = crawl::parse_submission(body, items_max);
  if (const auto* refused = std::get_if<failure>(&read))
    fuzz::check_refusal(*refused, items_max * crawl::errors_of_item_max + 100);
  else
    check(std::get<crawl::submission>(read));
  return 0;
}
