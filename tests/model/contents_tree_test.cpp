#include "model/contents/tree_hash.hpp"
#include "tests/support/catch.hpp"

using namespace ingot::contents;

namespace {

tree_entry entry(std::string path, std::string_view content, file_mode mode = file_mode::regular) {
  return {std::move(path), mode, id_of_blob(content), content.size()};
}

} // namespace

// The ids below are what git itself says (git hash-object, git write-tree).
TEST_CASE("contents: a blob's id is git's") {
  CHECK(id_of_blob("").hex() == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  CHECK(id_of_blob("hello\n").hex() == "ce013625030ba8dba906f756967f9e9ca394464a");
  auto piecewise = blob_hash{6};
  piecewise.add("hel");
  piecewise.add("lo\n");
  CHECK(piecewise.finish() == id_of_blob("hello\n"));
  auto short_of_one = blob_hash{6};
  short_of_one.add("hello");
  CHECK(short_of_one.finish() != id_of_blob("hello\n"));
}

TEST_CASE("contents: an id is read from 40 hexadecimal digits and nothing else") {
  CHECK(object_id::parse("CE013625030BA8DBA906F756967F9E9CA394464A")->hex() == "ce013625030ba8dba906f756967f9e9ca394464a");
  for (const auto* text : {"", "ce01", "ge013625030ba8dba906f756967f9e9ca394464a", "ce013625030ba8dba906f756967f9e9ca394464a0"})
    CHECK_FALSE(object_id::parse(text));
  CHECK_FALSE(object_id{});
}

TEST_CASE("contents: an empty tree's id is git's") {
  CHECK(tree_hash{}.finish().hex() == "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

TEST_CASE("contents: a tree's id is git's, with folders between names that sort around them, links and submodules") {
  auto hash = tree_hash{};
  for (const auto& x :
       {entry("a-b", "2", file_mode::executable), entry("a.txt", "3"), entry("a/b/c", "1"), entry("a/z", "4"),
        entry("link", "a.txt", file_mode::symbolic_link),
        tree_entry{"sub", file_mode::submodule, *object_id::parse("ce013625030ba8dba906f756967f9e9ca394464a"), 0}})
    CHECK(hash.add(x));
  CHECK(hash.finish().hex() == "95dfe86ce4957f566a90fe3fbb242aacc1861767");
}

TEST_CASE("contents: modes are read as git writes them") {
  CHECK(mode_of("100644") == file_mode::regular);
  CHECK(mode_of("100664") == file_mode::regular);
  CHECK(mode_of("100755") == file_mode::executable);
  CHECK(mode_of("120000") == file_mode::symbolic_link);
  CHECK(mode_of("160000") == file_mode::submodule);
  CHECK_FALSE(mode_of("040000"));
  CHECK_FALSE(mode_of(""));
}

TEST_CASE("contents: a listing that is out of order, or no listing, is told") {
  auto order = tree_hash{};
  CHECK(order.add(entry("b", "1")));
  CHECK_FALSE(order.add(entry("a", "1")));
  CHECK_FALSE(order.add(entry("b", "1")));
  for (const auto* path : {"", "/a", "a//b", "a/"})
    CHECK_FALSE(tree_hash{}.add(entry(path, "1")));
}
