#include "tests/support/git_repository.hpp"

#include "tests/support/github_standin/subprocess.hpp"

#include <cstdio>
#include <stdexcept>

namespace ingot::testing {

namespace {

/// A path as fast-import takes it, whatever its bytes (git-fast-import(1), "filemodify").
std::string path_text(std::string_view path) {
  std::string out = "\"";
  for (const auto c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      char text[8];
      std::snprintf(text, sizeof text, "\\%03o", byte);
      out += text;
    } else {
      out += c;
    }
  }
  return out + '"';
}

void append_data(std::string& to, std::string_view bytes) {
  to += "data " + std::to_string(bytes.size()) + '\n';
  to += bytes;
  to += '\n';
}

void append_edit(std::string& to, const file_edit& x) {
  if (x.from) {
    to += "R " + path_text(*x.from) + ' ' + path_text(x.path) + '\n';
  } else if (x.mode.empty()) {
    to += "D " + path_text(x.path) + '\n';
  } else if (x.mode == "160000") {
    to += "M 160000 " + x.content + ' ' + path_text(x.path) + '\n';
  } else {
    to += "M " + x.mode + " inline " + path_text(x.path) + '\n';
    append_data(to, x.content);
  }
}

std::string without_line_end(std::string text) {
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text;
}

} // namespace

bare_repository::bare_repository(std::filesystem::path path, const std::string& branch) : path_{std::move(path)} {
  if (!std::filesystem::exists(path_ / "HEAD"))
    output_of({{"git", "init", "--quiet", "--bare", "--initial-branch=" + branch, path_.string()}});
}

std::string bare_repository::git(std::vector<std::string> arguments, const std::string& input) const {
  arguments.insert(arguments.begin(), {"git", "--git-dir=" + path_.string()});
  return output_of({arguments,
                    {"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*", "GIT_CONFIG_KEY_1=gc.auto",
                     "GIT_CONFIG_VALUE_1=0"},
                    input});
}

std::string bare_repository::commit(const std::vector<file_edit>& edits, const std::string& branch,
                                    std::optional<std::string> parent) {
  const auto from = parent ? *parent : head(branch).value_or("");
  const auto who = "Somebody <somebody@example.org> " + std::to_string(time_++) + " +0000\n";
  auto stream = std::string{};
  if (from.empty())
    stream += "reset refs/heads/" + branch + '\n';
  stream += "commit refs/heads/" + branch + "\nauthor " + who + "committer " + who;
  append_data(stream, "Change " + std::to_string(edits.size()) + " files");
  if (!from.empty())
    stream += "from " + from + '\n';
  for (const auto& x : edits)
    append_edit(stream, x);
  stream += '\n';
  git({"fast-import", "--quiet", "--force"}, stream);
  return *head(branch);
}

void bare_repository::set_branch(const std::string& branch, const std::string& commit) {
  if (commit.empty())
    git({"update-ref", "-d", "refs/heads/" + branch});
  else
    git({"update-ref", "refs/heads/" + branch, commit});
}

std::optional<std::string> bare_repository::head(const std::string& branch) const {
  const auto out = without_line_end(git({"for-each-ref", "--format=%(objectname)", "refs/heads/" + branch}));
  return out.empty() ? std::nullopt : std::optional{out};
}

std::map<std::string, git_file> bare_repository::files(const std::string& commit) const {
  std::map<std::string, git_file> out;
  const auto text = git({"ls-tree", "-r", "-z", "-l", "--full-tree", commit});
  for (auto rest = std::string_view{text}; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\0'));
    const auto tab = line.find('\t');
    const auto size = line.substr(line.rfind(' ', tab) + 1, tab - line.rfind(' ', tab) - 1);
    const auto type_end = line.find(' ', 7);
    out[std::string{line.substr(tab + 1)}] = {std::string{line.substr(0, 6)}, std::string{line.substr(type_end + 1, 40)},
                                              size == "-" ? 0 : std::stoull(std::string{size})};
    rest.remove_prefix(line.size() + 1);
  }
  return out;
}

std::string bare_repository::content(const std::string& id) const {
  return git({"cat-file", "blob", id});
}

std::map<std::string, std::string> bare_repository::contents(const std::vector<std::string>& ids) const {
  std::string asked;
  for (const auto& id : ids)
    asked += id + '\n';
  const auto text = git({"cat-file", "--batch", "--buffer"}, asked);
  std::map<std::string, std::string> out;
  for (auto at = std::size_t{0}; at < text.size();) {
    const auto line_end = text.find('\n', at);
    const auto line = text.substr(at, line_end - at);
    const auto size = std::stoull(line.substr(line.rfind(' ') + 1));
    out[line.substr(0, 40)] = text.substr(line_end + 1, size);
    at = line_end + 1 + size + 1;
  }
  return out;
}

} // namespace ingot::testing
