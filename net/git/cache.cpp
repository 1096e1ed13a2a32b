#include "net/git/cache.hpp"

#include "model/contents/provider.hpp"
#include "model/sha256.hpp"

#include <algorithm>
#include <system_error>
#include <vector>

namespace ingot::git {

namespace fs = std::filesystem;

namespace {

/// No URL, since file systems know less letters.
std::string name_of(const std::string& url) {
  std::string out;
  for (const auto c : sha256(url).substr(0, 16)) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::uint64_t bytes_of(const fs::path& folder) {
  std::error_code ignored;
  auto out = std::uint64_t{0};
  for (auto at = fs::recursive_directory_iterator{folder, ignored}; !ignored && at != fs::end(at); at.increment(ignored))
    if (std::error_code gone; at->is_regular_file(gone))
      out += at->file_size(gone);
  return out;
}

std::size_t packs_of(const fs::path& clone) {
  std::error_code ignored;
  auto out = std::size_t{0};
  for (auto at = fs::directory_iterator{clone / "objects" / "pack", ignored}; !ignored && at != fs::end(at);
       at.increment(ignored))
    out += at->path().extension() == ".pack" ? 1 : 0;
  return out;
}

struct clone {
  std::string name;
  fs::file_time_type used_at;
  std::uint64_t bytes = 0;
};

} // namespace

cache::lease::~lease() {
  {
    const auto lock = std::lock_guard{of_.mutex_};
    of_.used_.erase(name_);
  }
  of_.released_.notify_all();
}

void cache::lease::discard() noexcept {
  std::error_code ignored;
  fs::remove_all(path(), ignored);
}

void cache::lease::freshen() const {
  std::error_code ignored;
  auto leftovers = std::vector<fs::path>{};
  for (auto at = fs::directory_iterator{path() / "objects" / "pack", ignored}; !ignored && at != fs::end(at);
       at.increment(ignored))
    if (const auto kind = at->path().extension(); kind != ".pack" && kind != ".idx")
      leftovers.push_back(at->path());
  for (const auto& x : leftovers)
    fs::remove(x, ignored);
  fs::last_write_time(path(), fs::file_time_type::clock::now(), ignored);
}

std::unique_ptr<cache::lease> cache::take(const std::string& url, std::chrono::milliseconds patience) {
  auto name = name_of(url);
  auto lock = std::unique_lock{mutex_};
  if (!released_.wait_for(lock, patience, [&] { return !used_.contains(name); }))
    throw contents::provider_error{contents::trouble::transient, "another sync of the same remote is under way"};
  used_.insert(name);
  return std::make_unique<lease>(*this, std::move(name));
}

void cache::trim(lease& just_synced, std::uint64_t bytes_at_most, std::size_t packs_at_most) {
  if (packs_of(just_synced.path()) > packs_at_most)
    just_synced.discard();
  std::error_code ignored;
  auto clones = std::vector<clone>{};
  auto sum = std::uint64_t{0};
  for (auto at = fs::directory_iterator{folder_, ignored}; !ignored && at != fs::end(at); at.increment(ignored)) {
    clones.push_back({at->path().filename().string(), at->last_write_time(ignored), bytes_of(at->path())});
    sum += clones.back().bytes;
  }
  std::sort(clones.begin(), clones.end(), [](const auto& a, const auto& b) { return a.used_at < b.used_at; });
  for (const auto& x : clones) {
    if (sum <= bytes_at_most)
      return;
    const auto lock = std::lock_guard{mutex_};
    if (used_.contains(x.name))
      continue;
    fs::remove_all(folder_ / x.name, ignored);
    sum -= x.bytes;
  }
}

} // namespace ingot::git
