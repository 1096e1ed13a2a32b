#include "model/contents/glob.hpp"

#include "model/contents/glob_pattern.hpp"

#include <algorithm>
#include <cstdint>

namespace ingot::contents {

namespace {

using word = std::uint64_t;

/// A set of positions within a pattern.
using positions = std::vector<word>;

void add(positions& to, std::size_t i) {
  to[i / 64] |= word{1} << (i % 64);
}

/// Follows all the ways through a pattern at once, a bit for each position that a way may have come to: so a byte of the path
/// costs the same whatever it holds.
class automaton {
public:
  explicit automaton(const std::vector<glob_pattern::part>& parts) {
    auto count = std::size_t{1};
    for (const auto& x : parts)
      count += x.what == glob_pattern::kind::folders ? 3 : 1;
    words_ = (count + 63) / 64;
    for (auto* x : {&loop_, &loop_within_, &step_, &skip_, &begin_})
      x->assign(words_, 0);
    takes_.assign(256 * words_, 0);
    for (const auto& x : parts)
      append(x);
    add(begin_, 0);
    follow(begin_);
  }

  const positions& begin() const noexcept { return begin_; }
  bool ends(const positions& at) const noexcept { return (at[end_ / 64] >> (end_ % 64) & 1) != 0; }

  /// Goes on by one byte. @returns whether there is a way still
  bool advance(positions& at, unsigned char byte) const noexcept {
    const auto* const takes = &takes_[byte * words_];
    auto carry = word{0}, any = word{0};
    for (auto i = std::size_t{0}; i < words_; ++i) {
      const auto taken = at[i] & takes[i];
      const auto stays = at[i] & (byte == '/' ? loop_[i] : loop_[i] | loop_within_[i]);
      at[i] = taken << 1 | carry | stays;
      carry = taken >> 63;
      any |= at[i];
    }
    if (any != 0)
      follow(at);
    return any != 0;
  }

private:
  void append(const glob_pattern::part& x) {
    using kind = glob_pattern::kind;
    switch (x.what) {
    case kind::one:
      for (auto c = std::size_t{0}; c < 256; ++c)
        if (x.takes[c])
          takes_[c * words_ + end_ / 64] |= word{1} << (end_ % 64);
      break;
    case kind::run:
      add(loop_within_, end_);
      add(step_, end_);
      break;
    case kind::run_of_all:
      add(loop_, end_);
      add(step_, end_);
      break;
    case kind::folders:
      add(skip_, end_);
      add(step_, end_);
      add(loop_, ++end_);
      add(step_, end_);
      ++end_;
      takes_[std::size_t{'/'} * words_ + end_ / 64] |= word{1} << (end_ % 64);
      break;
    }
    ++end_;
  }

  /// Adds the positions that are reached without a byte.
  void follow(positions& at) const noexcept {
    for (auto more = true; more;) {
      more = shift_in(at, skip_, 3);
      more |= shift_in(at, step_, 1);
    }
  }

  bool shift_in(positions& at, const positions& from, unsigned by) const noexcept {
    auto carry = word{0}, added = word{0};
    for (auto i = std::size_t{0}; i < words_; ++i) {
      const auto moved = at[i] & from[i];
      const auto in = moved << by | carry;
      carry = moved >> (64 - by);
      added |= in & ~at[i];
      at[i] |= in;
    }
    return added != 0;
  }

  std::size_t words_ = 1, end_ = 0;
  positions takes_;       ///< of each byte: the positions that it leads on from
  positions loop_;        ///< that any byte leaves as they are
  positions loop_within_; ///< that any byte but a slash leaves as they are
  positions step_, skip_; ///< from which the next, or the third position is reached without a byte
  positions begin_;
};

enum class verdict : std::uint8_t { none, taken, taken_back };

struct compiled {
  explicit compiled(const glob_pattern& x)
      : takes_back{x.takes_back}, folders_only{x.folders_only}, any_folder{x.any_folder}, parts{x.parts} {}

  bool takes_back, folders_only, any_folder;
  automaton parts;

  /// Writes down of every part of the path (the folders from the root on, then the file) that it matches what it says of it.
  void judge(std::string_view path, std::vector<verdict>& into) const {
    auto at = parts.begin();
    auto part = std::size_t{0};
    for (auto i = std::size_t{0}; i <= path.size(); ++i) {
      const auto last = i == path.size();
      if (last || path[i] == '/') {
        if (parts.ends(at) && !(last && folders_only))
          into[part] = takes_back ? verdict::taken_back : verdict::taken;
        ++part;
        if (any_folder) {
          at = parts.begin();
          continue;
        }
      }
      if (!last && !parts.advance(at, static_cast<unsigned char>(path[i])) && !any_folder)
        return;
    }
  }
};

} // namespace

struct glob_list::impl {
  std::vector<compiled> all;
};

glob_list::glob_list(std::span<const std::string> patterns) : impl_{std::make_unique<impl>()} {
  for (const auto& x : patterns)
    if (const auto pattern = glob_pattern::read(x))
      impl_->all.emplace_back(*pattern);
}

glob_list::glob_list(glob_list&&) noexcept = default;
glob_list& glob_list::operator=(glob_list&&) noexcept = default;
glob_list::~glob_list() = default;

bool glob_list::empty() const noexcept {
  return impl_->all.empty();
}

bool glob_list::matches(std::string_view path) const {
  auto verdicts = std::vector<verdict>(static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) + 1);
  for (const auto& x : impl_->all)
    x.judge(path, verdicts);
  // Git does not look into a folder that is taken: nothing below it can be taken back.
  return std::find(verdicts.begin(), verdicts.end(), verdict::taken) != verdicts.end();
}

std::optional<std::string> glob_list::judge(std::string_view pattern) {
  if (pattern.size() > pattern_bytes_max)
    return "the pattern has " + std::to_string(pattern.size()) + " bytes: at most " + std::to_string(pattern_bytes_max) +
           " are allowed";
  auto problem = std::string{};
  if (!glob_pattern::read(pattern, &problem))
    return problem;
  return std::nullopt;
}

} // namespace ingot::contents
