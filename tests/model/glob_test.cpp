#include "model/contents/glob.hpp"
#include "tests/config/scratch_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/command.hpp"

#include <random>
#include <set>
#include <vector>

using ingot::contents::glob_list;
using ingot::contents::path_filter;
using texts = std::vector<std::string>;

namespace {

bool matches(const texts& patterns, std::string_view path) {
  return glob_list{patterns}.matches(path);
}

/// Asks git itself which paths a .gitignore takes.
class git_oracle {
public:
  git_oracle() { output_of(in_folder("git init -q . 2>&1")); }

  static bool is_here() { return output_of("git --version").starts_with("git version"); }

  std::set<std::string> taken(const texts& patterns, const texts& paths) {
    auto lines = std::string{}, asked = std::string{};
    for (const auto& x : patterns)
      lines += x + "\n";
    for (const auto& x : paths)
      asked += x + '\0';
    folder_.write(".gitignore", lines);
    const auto questions = other_.write("paths", asked);
    const auto answer = output_of(in_folder("git check-ignore --no-index -z --stdin < " + questions.string()));
    auto out = std::set<std::string>{};
    for (auto at = std::size_t{0}; at < answer.size();) {
      const auto end = answer.find('\0', at);
      out.insert(answer.substr(at, end - at));
      at = end + 1;
    }
    return out;
  }

private:
  std::string in_folder(const std::string& command) const {
    return "cd " + folder_.path().string() + " && HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 " + command;
  }

  scratch_folder folder_, other_;
};

class random_names {
public:
  explicit random_names(unsigned seed) : source_{seed} {}

  std::size_t below(std::size_t n) { return source_() % n; }

  std::string path() {
    static const auto parts = texts{"a",  "b",  "ab",  "ba",       "abc", "a.c", "b-a", "[a]", "a b", "!a",
                                    "#a", "*a", "a\\", "\xc3\xa4", "A",   "0",   "aab", "-",   "]",   "a "};
    auto out = parts[below(parts.size())];
    for (auto n = below(4); n > 0; --n)
      out += "/" + parts[below(parts.size())];
    return out;
  }

  std::string pattern() {
    static const auto pieces =
        texts{"a",    "b",           "ab",           "c",           "*",     "**",    "***",  "?",     "/",
              "/",    "**/",         "/**",          "/**/",        "[ab]",  "[!a]",  "[^b]", "[a-c]", "[]a]",
              "[a-]", "[[:alpha:]]", "[![:upper:]]", "[[:punct:]]", "[\\]]", "[c-a]", "[a/]", "[[:a]", "\\*",
              "\\a",  "\\/",         "\\[",          "\\\\",        "\\ ",   " ",     ".",    "-",     "!",
              "A",    "\xc3",        "\xa4",         "]",           "[[]",   "[]-a]", "[--0]"};
    auto out = std::string{below(5) == 0 ? "!" : ""};
    for (auto n = 1 + below(5); n > 0; --n)
      out += pieces[below(pieces.size())];
    return out;
  }

private:
  std::minstd_rand source_;
};

} // namespace

TEST_CASE("the table of gitignore(5) holds") {
  CHECK(matches({"hello.*"}, "hello.txt"));
  CHECK(matches({"hello.*"}, "a/hello.java"));
  CHECK_FALSE(matches({"/hello.*"}, "a/hello.java"));
  CHECK(matches({"foo/"}, "foo/a"));
  CHECK_FALSE(matches({"foo/"}, "foo"));
  CHECK(matches({"doc/frotz"}, "doc/frotz"));
  CHECK_FALSE(matches({"doc/frotz"}, "a/doc/frotz"));
  CHECK(matches({"foo/*"}, "foo/test.json"));
  CHECK(matches({"foo/*"}, "foo/bar/hello.c")); // by its folder foo/bar
  CHECK(matches({"**/foo"}, "foo"));
  CHECK(matches({"**/foo"}, "a/b/foo"));
  CHECK(matches({"**/foo/bar"}, "a/foo/bar"));
  CHECK(matches({"abc/**"}, "abc/d/e"));
  CHECK_FALSE(matches({"abc/**"}, "abc"));
  CHECK(matches({"a/**/b"}, "a/b"));
  CHECK(matches({"a/**/b"}, "a/x/y/b"));
  CHECK_FALSE(matches({"a/**/b"}, "ab"));
  // Git compares the plain text that a pattern begins with first, and takes what follows for a pattern's beginning.
  CHECK(matches({"a**/b"}, "ab"));
  CHECK(matches({"\\!important!.txt"}, "!important!.txt"));
  CHECK(matches({"\\#a"}, "#a"));
  CHECK(matches({"*.html", "!foo.html"}, "bar.html"));
  CHECK_FALSE(matches({"*.html", "!foo.html"}, "foo.html"));
  CHECK(matches({"!foo.html", "*.html"}, "foo.html"));
}

TEST_CASE("the table of what libgit2's pathspec gets wrong holds") {
  CHECK(matches({"**/composer.json"}, "composer.json"));
  CHECK(matches({"**/composer.json"}, "web/core/composer.json"));
  CHECK(matches({"web/**/*.php"}, "web/c.php"));
  CHECK(matches({"web/**/*.php"}, "web/a/b/c.php"));
  CHECK_FALSE(matches({"web/*.php"}, "web/a/b.php"));
}

TEST_CASE("nothing below a folder that matches can be taken back, unless the folder is") {
  CHECK(matches({"a/", "!a/b"}, "a/b"));
  CHECK_FALSE(matches({"a/*", "!a/b"}, "a/b"));
  CHECK_FALSE(matches({"a/", "!a/"}, "a/b"));
  CHECK_FALSE(matches({"/*", "!/foo", "/foo/*", "!/foo/bar"}, "foo/bar/x"));
  CHECK(matches({"/*", "!/foo", "/foo/*", "!/foo/bar"}, "foo/baz/x"));
}

TEST_CASE("globs take what git takes, over random patterns and paths") {
  if (!git_oracle::is_here()) {
    WARN("skipped: git is not installed");
    return;
  }
  auto git = git_oracle{};
  auto random = random_names{4};
  auto compared = 0u, taken = 0u;
  for (auto round = 0; round < 400; ++round) {
    auto patterns = texts{}, paths = texts{};
    for (auto n = 1 + random.below(4); n > 0; --n)
      if (auto x = random.pattern(); !glob_list::judge(x))
        patterns.push_back(std::move(x));
    for (auto n = 0; n < 60; ++n)
      paths.push_back(random.path());
    const auto expected = git.taken(patterns, paths);
    const auto ours = glob_list{patterns};
    for (const auto& path : paths) {
      ++compared;
      taken += expected.contains(path) ? 1 : 0;
      if (ours.matches(path) != expected.contains(path)) {
        auto all = std::string{};
        for (const auto& x : patterns)
          all += "\n  <" + x + ">";
        INFO("path <" << path << ">, git takes it: " << expected.contains(path) << ", patterns:" << all);
        CHECK(ours.matches(path) == expected.contains(path));
      }
    }
  }
  CHECK(compared == 24'000);
  CHECK(taken > 2'000);
  CHECK(taken < 22'000);
}

TEST_CASE("git takes nothing by a pattern that we refuse") {
  if (!git_oracle::is_here()) {
    WARN("skipped: git is not installed");
    return;
  }
  auto git = git_oracle{};
  auto random = random_names{8};
  const auto refused =
      texts{"", "   ", "/", "!", "!/", "#a", "a\\", "[a", "[[:letter:]]", "[", "[]", "[!]", "[a\\", "a[[:alpha:]"};
  auto paths = texts{};
  for (auto n = 0; n < 300; ++n)
    paths.push_back(random.path());
  for (const auto& x : refused) {
    INFO("<" << x << ">");
    CHECK(glob_list::judge(x).has_value());
    CHECK(git.taken({x}, paths).empty());
  }
}

TEST_CASE("a pattern that is refused is told why") {
  CHECK(glob_list::judge("") == "the pattern is empty");
  CHECK(glob_list::judge("#a") == "the pattern is a comment: write `\\#` for a name that begins with `#`");
  CHECK(glob_list::judge("a\nb") == "the pattern has a line break or a NUL");
  CHECK(glob_list::judge(std::string(1'025, 'a')) == "the pattern has 1025 bytes: at most 1024 are allowed");
  CHECK(glob_list::judge("a\\")->find("backslash") != std::string::npos);
  CHECK(glob_list::judge("[a")->find("`[`") != std::string::npos);
  CHECK_FALSE(glob_list::judge(std::string(1'024, 'a')));
}

TEST_CASE("a filter takes what is included and not excluded") {
  const auto include = texts{"*.php", "docs/"}, exclude = texts{"vendor/", "docs/*.tmp"};
  const auto filter = path_filter{include, exclude};
  CHECK(filter.takes("web/index.php"));
  CHECK(filter.takes("docs/a/b.md"));
  CHECK_FALSE(filter.takes("web/index.html"));
  CHECK_FALSE(filter.takes("vendor/x.php"));
  CHECK_FALSE(filter.takes("docs/a.tmp"));
  const auto all = path_filter{{}, {}};
  CHECK(all.takes("anything/at all"));
}

TEST_CASE("hostile patterns and paths cost no more than long ones") {
  // Would take for ever by trying one way after the other; here it is a bounded number of steps for each byte.
  auto patterns = texts{};
  for (const auto* piece : {"*a", "**/", "a/**/", "[a-z]*", "?*", "**/a*/"}) {
    auto x = std::string{};
    while (x.size() + 8 < glob_list::pattern_bytes_max)
      x += piece;
    patterns.push_back(x + "z");
  }
  while (patterns.size() < glob_list::patterns_max)
    patterns.push_back(patterns[patterns.size() % 6]);
  const auto all = glob_list{patterns};
  CHECK_FALSE(all.matches(std::string(4'096, 'a')));
  auto deep = std::string{"a"};
  while (deep.size() < 4'096)
    deep += "/a";
  CHECK_FALSE(all.matches(deep));
}
