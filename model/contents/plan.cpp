#include "model/contents/plan.hpp"

#include <algorithm>
#include <utility>

namespace ingot::contents {

namespace {

/// Text compresses to about a third by gzip, in an archive as in an answer: both sides are estimated alike.
constexpr std::uint64_t compressed(std::uint64_t bytes) {
  return bytes / 3;
}

/// A single one is asked for with its own head and answered with one.
constexpr std::uint64_t head_bytes = 1'500;

/// An archive names each file; padding compresses to nearly nothing.
constexpr std::uint64_t archive_entry_bytes = 64;

std::uint64_t cost_of(const fetch_plan& x, const prices& by) {
  return x.requests * by.request_bytes + x.bytes;
}

/// Batches hold what GraphQL does not cut. Whether a blob is text is not known before: what turns out binary is asked for singly.
fetch_plan one_by_one(std::span<const wanted_blob> wanted, const prices& by) {
  auto out = fetch_plan{};
  auto room = std::uint64_t{0};
  for (auto i = std::size_t{0}; i < wanted.size(); ++i) {
    const auto size = wanted[i].size;
    out.bytes += compressed(size) + head_bytes;
    if (!by.graphql || size > graphql_text_max) {
      out.singles.push_back(i);
      continue;
    }
    if (out.batches.empty() || out.batches.back().size() == graphql_batch_max || size > room) {
      out.batches.emplace_back();
      room = graphql_batch_bytes_max;
    }
    out.batches.back().push_back(i);
    room -= size;
  }
  // A batch of one costs what a single one costs, and may turn out to be binary.
  for (auto& batch : std::exchange(out.batches, {}))
    if (batch.size() == 1)
      out.singles.push_back(batch.front());
    else
      out.batches.push_back(std::move(batch));
  out.requests = out.batches.size() + out.singles.size();
  return out;
}

} // namespace

fetch_plan plan_fetch(std::span<const wanted_blob> wanted, std::uint64_t total, const prices& by) {
  auto each = one_by_one(wanted, by);
  if (wanted.empty() || total == no_archive)
    return each;
  auto archive = fetch_plan{};
  archive.archive = true;
  archive.requests = 1;
  archive.bytes = compressed(total) + archive_entry_bytes * wanted.size();
  const auto too_many = by.requests_left >= 0 && each.requests > static_cast<std::uint64_t>(by.requests_left);
  const auto too_large = std::any_of(wanted.begin(), wanted.end(), [](const auto& x) { return x.size > rest_blob_max; });
  return too_many || too_large || cost_of(archive, by) < cost_of(each, by) ? archive : each;
}

} // namespace ingot::contents
