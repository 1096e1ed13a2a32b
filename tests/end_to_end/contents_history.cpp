#include "tests/end_to_end/contents_history.hpp"

#include <array>

namespace ingot::testing {

namespace {

constexpr auto folders = std::array{"", "src/", "src/deep/", "docs/", "a b/", "sch\xc3\xb6n/", "src/deep/\"er\"/"};
constexpr auto names = std::array{"a.txt", "b.py", "c.bin", "README.md", "with space", "\xe2\x82\xac.txt", "d", "src"};

} // namespace

std::string random_history::path() {
  return std::string{folders[below(folders.size())]} + names[below(names.size())];
}

/// Text, binary, nothing, text that is no UTF-8, and now and then what is there already under another name.
std::string random_history::content() {
  if (!contents_.empty() && below(3) == 0)
    return contents_[below(contents_.size())];
  auto out = std::string{};
  const auto kind = below(8);
  const auto size = kind == 0 ? 0 : kind == 1 ? 20'000 + below(300'000) : below(2'000);
  while (out.size() < size)
    out += std::to_string(chance_()) + '\n';
  if (kind == 2)
    out += std::string("\0\1\2", 3);
  if (kind == 3)
    out += "caf\xe9\n";
  if (kind == 4)
    out += "line\r\nline\r\n";
  contents_.push_back(out);
  return out;
}

std::vector<std::string> random_history::files_now() const {
  std::vector<std::string> out;
  if (const auto head = of_.head())
    for (const auto& [path, file] : of_.files(*head))
      out.push_back(path);
  return out;
}

file_edit random_history::edit(const std::vector<std::string>& present) {
  const auto some = [&] { return present.empty() ? path() : present[below(present.size())]; };
  switch (below(12)) {
  case 0:
  case 1:
    return file_edit::removed(some());
  case 2:
    return {path(), "120000", "target/" + std::to_string(below(5)), {}};
  case 3:
    return {path(), "160000", "6ca3721222109997540bd6d9ccd396902e0ad2f" + std::to_string(below(10)), {}};
  case 4:
    return {some(), "100755", content(), {}};
  case 5: // archives leave it out, or change what is in it: contents must come another way then
    return {".gitattributes", "100644", below(2) == 0 ? "*.txt export-ignore\n*.py export-subst\n" : "*.txt text eol=crlf\n", {}};
  case 6:
    return {"subst.py", "100644", "# $Format:%H$ " + std::to_string(below(4)) + '\n', {}};
  case 7:
    return {some(), "100644", content(), {}};
  default:
    return {path(), "100644", content(), {}};
  }
}

std::string random_history::step() {
  const auto before = of_.head().value_or("");
  const auto kind = commits_.empty() ? 9 : below(10);
  if (kind == 0) { // back to what was
    of_.set_branch("main", commits_[below(commits_.size())]);
    return before;
  }
  const auto parent = kind == 1 ? std::optional{commits_[below(commits_.size())]} : std::nullopt;
  const auto present = files_now();
  if (kind == 2 && !parent && !present.empty()) { // a rename, which is removed and added at once
    const auto from = present[below(present.size())];
    commits_.push_back(of_.commit({{"renamed/" + std::to_string(below(100)), "100644", {}, from}}));
    return before;
  }
  for (auto rounds = 1 + below(3); rounds > 0; --rounds) {
    std::vector<file_edit> edits;
    for (auto count = commits_.empty() ? 40 : 1 + below(8); count > 0; --count)
      edits.push_back(edit(present));
    commits_.push_back(of_.commit(edits, "main", parent));
  }
  return before;
}

} // namespace ingot::testing
