#include "model/contents/glob.hpp"
#include "model/contents/glob_pattern.hpp"
#include "tests/fuzz/input.hpp"

#include <string>
#include <vector>

// Input: patterns, one a line, an empty line, and a path. The automaton must say what a matcher says that tries every way,
// wherever that one can end in time; on larger inputs it must only end (the limit of time is libFuzzer's).

namespace {

using namespace ingot::contents;
using ingot::fuzz::require;
using part = glob_pattern::part;
using kind = glob_pattern::kind;

/// Does the rest of the pattern take the whole text? Tries every way; `steps` ends it.
bool takes(const std::vector<part>& parts, std::size_t i, std::string_view text, int& steps) {
  if (--steps < 0)
    return false;
  if (i == parts.size())
    return text.empty();
  const auto next = [&](std::size_t used) { return takes(parts, i + 1, text.substr(used), steps); };
  switch (parts[i].what) {
  case kind::one:
    return !text.empty() && parts[i].takes[static_cast<unsigned char>(text.front())] && next(1);
  case kind::run:
  case kind::run_of_all:
    for (std::size_t used = 0; used <= text.size(); ++used) {
      if (used > 0 && parts[i].what == kind::run && text[used - 1] == '/')
        return false;
      if (next(used))
        return true;
    }
    return false;
  case kind::folders:
    if (next(0))
      return true;
    for (std::size_t slash = text.find('/'); slash != text.npos; slash = text.find('/', slash + 1))
      if (next(slash + 1))
        return true;
    return false;
  }
  return false;
}

/// gitignore(5): the last pattern that matches a folder, or the path itself, decides of it; what lies in a taken folder is taken.
bool reference(const std::vector<glob_pattern>& all, std::string_view path, int& steps) {
  for (std::size_t from = 0; from <= path.size();) {
    const auto end = std::min(path.find('/', from), path.size());
    auto taken = false;
    for (const auto& x : all) {
      if (x.folders_only && end == path.size())
        continue;
      if (takes(x.parts, 0, x.any_folder ? path.substr(from, end - from) : path.substr(0, end), steps))
        taken = !x.takes_back;
    }
    if (taken)
      return true;
    from = end + 1;
  }
  return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto in = ingot::fuzz::input{data, size};
  auto texts = std::vector<std::string>{};
  auto read = std::vector<glob_pattern>{};
  for (auto line = in.line(); !line.empty() && texts.size() < glob_list::patterns_max; line = in.line()) {
    const auto problem = glob_list::judge(line);
    const auto pattern = glob_pattern::read(line);
    require(problem.has_value() == (!pattern || line.size() > glob_list::pattern_bytes_max));
    if (problem)
      continue;
    texts.emplace_back(line);
    read.push_back(*pattern);
  }
  const auto path = in.rest().substr(0, 16 * 1024);
  const auto matches = glob_list{texts}.matches(path);
  auto steps = 20'000;
  const auto expected = reference(read, path, steps);
  require(steps < 0 || matches == expected);
  return 0;
}
