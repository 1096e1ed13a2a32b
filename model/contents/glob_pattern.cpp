#include "model/contents/glob_pattern.hpp"

namespace ingot::contents {

namespace {

using bytes = glob_pattern::bytes;

bool is_letter_or_digit(int c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Whether a byte is of a POSIX class, as git has them: of ASCII, whatever the locale. Nothing when there is no such class.
std::optional<bool> is_of_class(std::string_view name, int c) noexcept {
  const auto upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
  const auto visible = c > 0x20 && c < 0x7f;
  if (name == "alnum")
    return is_letter_or_digit(c);
  if (name == "alpha")
    return upper || lower;
  if (name == "blank")
    return c == ' ' || c == '\t';
  if (name == "cntrl")
    return c < 0x20 || c == 0x7f;
  if (name == "digit")
    return digit;
  if (name == "graph")
    return visible;
  if (name == "lower")
    return lower;
  if (name == "print")
    return visible || c == ' ';
  if (name == "punct")
    return visible && !is_letter_or_digit(c);
  if (name == "space")
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
  if (name == "upper")
    return upper;
  if (name == "xdigit")
    return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  return std::nullopt;
}

/// Reads `[…]`, as git does: `!` and `^` negate, `]` stands for itself at the beginning, a backslash takes the next byte as it
/// is,
/// `[:name:]` is a POSIX class. No class takes a slash.
class class_reader {
public:
  class_reader(std::string_view text, std::size_t after_bracket) : text_{text}, at_{after_bracket} {}

  /// Nothing when it does not end, or names a class that there is not. @param end becomes the position after `]`
  std::optional<bytes> read(std::size_t& end) {
    const auto negated = at_ < text_.size() && (text_[at_] == '!' || text_[at_] == '^');
    at_ += negated ? 1 : 0;
    do {
      if (!item())
        return std::nullopt;
    } while (at_ < text_.size() && text_[at_] != ']');
    if (at_ >= text_.size())
      return std::nullopt;
    end = at_ + 1;
    auto out = negated ? ~taken_ : taken_;
    out.reset('/');
    out.reset(0);
    return out;
  }

private:
  bool item() {
    if (at_ >= text_.size())
      return false;
    const auto c = text_[at_];
    const auto next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c == '-' && before_ && next != '\0' && next != ']')
      return range();
    if (c == '[' && next == ':')
      return named_class();
    return single();
  }

  std::optional<unsigned char> literal() {
    at_ += at_ < text_.size() && text_[at_] == '\\' ? 1 : 0;
    return at_ < text_.size() ? std::optional{static_cast<unsigned char>(text_[at_++])} : std::nullopt;
  }

  bool single() {
    before_ = literal();
    if (before_)
      taken_.set(*before_);
    return before_.has_value();
  }

  bool range() {
    ++at_; // the dash
    const auto last = literal();
    if (!last)
      return false;
    for (auto c = unsigned{*before_}; c <= *last; ++c)
      taken_.set(c);
    before_.reset();
    return true;
  }

  bool named_class() {
    const auto begin = at_ + 2, bracket = text_.find(']', begin);
    if (bracket == std::string_view::npos)
      return false;
    if (bracket == begin || text_[bracket - 1] != ':')
      return single(); // `[` as it is
    const auto name = text_.substr(begin, bracket - 1 - begin);
    for (auto c = 0; c < 256; ++c) {
      const auto is = is_of_class(name, c);
      if (!is)
        return false;
      if (*is)
        taken_.set(static_cast<std::size_t>(c));
    }
    at_ = bracket + 1;
    before_.reset();
    return true;
  }

  std::string_view text_;
  std::size_t at_;
  bytes taken_;
  std::optional<unsigned char> before_; ///< what a range may begin with
};

bytes only(char c) {
  return bytes{}.set(static_cast<unsigned char>(c));
}

/// Spaces at the end do not count, unless there is a backslash before them.
std::string_view without_trailing_spaces(std::string_view line) noexcept {
  auto end = line.size();
  while (end > 0 && line[end - 1] == ' ')
    --end;
  auto backslashes = std::size_t{0};
  while (backslashes < end && line[end - 1 - backslashes] == '\\')
    ++backslashes;
  return line.substr(0, end + (backslashes % 2 == 1 && end < line.size() ? 1 : 0));
}

/// Reads the glob itself into parts.
class part_reader {
public:
  part_reader(std::string_view text, bool any_folder)
      : text_{text}, any_folder_{any_folder}, plain_{std::min(text.find_first_of("*?[\\"), text.size())} {}

  /// @returns what is wrong; nothing when all is well
  std::string_view read(std::vector<glob_pattern::part>& into) {
    while (at_ < text_.size())
      if (const auto problem = next(into); !problem.empty())
        return problem;
    return {};
  }

private:
  std::string_view next(std::vector<glob_pattern::part>& into) {
    using kind = glob_pattern::kind;
    const auto c = text_[at_++];
    if (c == '*') {
      const auto what = run();
      // Any folders twice are any folders once; else a long row of them would cost as much as it is long at every byte.
      if (what != kind::folders || into.empty() || into.back().what != kind::folders)
        into.push_back({what, {}});
      return {};
    }
    auto takes = only(c);
    if (c == '?')
      takes = ~only('/');
    else if (c == '\\') {
      if (at_ == text_.size())
        return "ends with a backslash that has nothing to stand before";
      takes = only(text_[at_++]);
    } else if (c == '[') {
      const auto found = class_reader{text_, at_}.read(at_);
      if (!found)
        return "has a `[` whose class does not end, or names a class that there is not";
      takes = *found;
    }
    into.push_back({kind::one, takes});
    return {};
  }

  /// The stars that begin before at_. Two or more cross slashes only where slashes, or the ends of the pattern, are on both
  /// sides; git takes the end of the plain text that a pattern begins with for such a side too.
  glob_pattern::kind run() {
    using kind = glob_pattern::kind;
    const auto first = at_ - 1;
    while (at_ < text_.size() && text_[at_] == '*')
      ++at_;
    const auto rest = text_.substr(at_);
    const auto begins = first == plain_ || text_[first - 1] == '/';
    const auto ends = rest.empty() || rest.starts_with('/') || rest.starts_with("\\/");
    if (any_folder_ || at_ - first < 2 || !begins || !ends)
      return kind::run;
    if (!rest.starts_with('/'))
      return kind::run_of_all;
    ++at_;
    return kind::folders;
  }

  std::string_view text_;
  bool any_folder_;
  std::size_t plain_, at_ = 0;
};

} // namespace

std::optional<glob_pattern> glob_pattern::read(std::string_view line, std::string* problem) {
  const auto refuse = [&](std::string_view why) {
    if (problem != nullptr)
      *problem = "the pattern " + std::string{why};
    return std::nullopt;
  };
  if (line.find_first_of(std::string_view{"\0\n\r", 3}) != std::string_view::npos)
    return refuse("has a line break or a NUL");
  if (line.starts_with('#'))
    return refuse("is a comment: write `\\#` for a name that begins with `#`");
  auto out = glob_pattern{};
  auto text = without_trailing_spaces(line);
  out.takes_back = text.starts_with('!');
  text.remove_prefix(out.takes_back ? 1 : 0);
  out.folders_only = text.ends_with('/');
  text.remove_suffix(out.folders_only ? 1 : 0);
  out.any_folder = text.find('/') == std::string_view::npos;
  text.remove_prefix(text.starts_with('/') ? 1 : 0);
  if (text.empty())
    return refuse("is empty");
  if (const auto wrong = part_reader{text, out.any_folder}.read(out.parts); !wrong.empty())
    return refuse(wrong);
  return out;
}

} // namespace ingot::contents
