#include "storage/blob_files.hpp"
#include "tests/config/scratch_folder.hpp"
#include "tests/support/blob_store_checks.hpp"

#include <fstream>

using namespace blob_store_checks;
using ingot::contents::blob_store_error;
using ingot::storage::open_blob_files;

namespace fs = std::filesystem;

namespace {

/// Of one blob's file: the only one in the folder.
fs::path file_of(const fs::path& folder, const std::string& key) {
  return folder / key.substr(0, 2) / key;
}

std::size_t files_below(const fs::path& folder) {
  auto out = std::size_t{0};
  for (const auto& x : fs::recursive_directory_iterator{folder})
    out += x.is_regular_file() ? 1 : 0;
  return out;
}

/// Shifts a file's last change into the past.
void make_old(const fs::path& file, std::chrono::hours age) {
  fs::last_write_time(file, fs::file_time_type::clock::now() - age);
}

} // namespace

TEST_CASE("the blob folder keeps contents byte for byte, and reads from any offset") {
  const auto scratch = scratch_folder{};
  const auto store = open_blob_files(scratch.path() / "blobs", 3);
  keeps_contents(*store, 9'000'001);
  CHECK(files_below(scratch.path()) == 0);
}

TEST_CASE("a blob of the folder is replaced as a whole, and one that is dropped leaves nothing") {
  const auto scratch = scratch_folder{};
  const auto store = open_blob_files(scratch.path() / "blobs", 3);
  replaces_and_drops(*store);
  CHECK(files_below(scratch.path()) == 0);
}

TEST_CASE("the blob folder lists its keys in order, each once") {
  const auto scratch = scratch_folder{};
  lists_in_order(*open_blob_files(scratch.path() / "blobs", 3), 300);
}

TEST_CASE("threads use the blob folder at the same time") {
  const auto scratch = scratch_folder{};
  const auto store = open_blob_files(scratch.path() / "blobs", 1);
  is_thread_safe(*store, 4, 200);
  CHECK(files_below(scratch.path()) == 0);
}

TEST_CASE("two stores on one folder see each other's blobs") {
  const auto scratch = scratch_folder{};
  const auto one = open_blob_files(scratch.path() / "blobs", 3), other = open_blob_files(scratch.path() / "blobs", 9);
  put(*one, key_of(1), "of one");
  put(*other, key_of(2), "of the other");
  CHECK(get(*other, key_of(1)) == "of one");
  CHECK(get(*one, key_of(2)) == "of the other");
}

TEST_CASE("many blobs that differ little from zero take little room") {
  const auto scratch = scratch_folder{};
  const auto store = open_blob_files(scratch.path() / "blobs", 3);
  put(*store, key_of(1), std::string(5'000'000, 'x'));
  CHECK(fs::file_size(file_of(scratch.path() / "blobs", key_of(1))) < 10'000);
}

TEST_CASE("every damage to a blob is an error, and none is given out as content") {
  const auto scratch = scratch_folder{};
  const auto store = open_blob_files(scratch.path() / "blobs", 3);
  const auto bytes = content(20'000, 5, true);
  put(*store, key_of(1), bytes);
  const auto file = file_of(scratch.path() / "blobs", key_of(1));
  auto packed = std::string{};
  {
    auto in = std::ifstream{file, std::ios::binary};
    packed.assign(std::istreambuf_iterator<char>{in}, {});
  }
  const auto read_of = [&](const std::string& stored) {
    std::ofstream{file, std::ios::binary | std::ios::trunc} << stored;
    return get(*store, key_of(1));
  };
  CHECK((read_of(packed) == bytes));
  auto found = std::size_t{0}, tried = std::size_t{0};
  for (auto at = std::size_t{0}; at < packed.size(); at += 97) {
    auto damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    ++tried;
    try {
      found += read_of(damaged) == bytes ? 1 : 0; // the flipped bit bore no meaning
    } catch (const blob_store_error&) {
      ++found;
    }
  }
  CHECK(found == tried);
  for (auto length = std::size_t{0}; length < packed.size(); length += 131)
    CHECK_THROWS_AS(read_of(packed.substr(0, length)), blob_store_error);
  CHECK_THROWS_AS(read_of(packed + "x"), blob_store_error);
  CHECK_THROWS_AS(read_of(packed + packed), blob_store_error);
}

TEST_CASE("keys that could leave the blob folder are refused") {
  const auto scratch = scratch_folder{};
  const auto store = open_blob_files(scratch.path() / "blobs", 3);
  for (const auto* key : {"", "ab", "../../etc/passwd", "abc/def", "..abcdef", "new/1", "abcd\nef", "abcd ef"}) {
    INFO(key);
    CHECK_THROWS_AS(put(*store, key, "x"), blob_store_error);
    CHECK_THROWS_AS(store->read(key), blob_store_error);
    CHECK_THROWS_AS(store->remove(key), blob_store_error);
  }
  CHECK(files_below(scratch.path()) == 0);
}

TEST_CASE("what writers left behind is removed at the start, once it is a day old") {
  const auto scratch = scratch_folder{};
  const auto folder = scratch.path() / "blobs";
  open_blob_files(folder, 3);
  std::ofstream{folder / "new" / "left-behind"} << "x";
  std::ofstream{folder / "new" / "of-a-node-that-runs"} << "x";
  make_old(folder / "new" / "left-behind", std::chrono::hours{25});
  make_old(folder / "new" / "of-a-node-that-runs", std::chrono::hours{23});
  open_blob_files(folder, 3);
  CHECK_FALSE(fs::exists(folder / "new" / "left-behind"));
  CHECK(fs::exists(folder / "new" / "of-a-node-that-runs"));
}

TEST_CASE("a folder that cannot be made or written is an error that names it") {
  const auto scratch = scratch_folder{};
  scratch.write("file", "x");
  try {
    open_blob_files(scratch.path() / "file", 3);
    FAIL("a file was taken for a folder");
  } catch (const blob_store_error& x) {
    CHECK(std::string{x.what()}.find((scratch.path() / "file").string()) != std::string::npos);
  }
}

TEST_CASE("contents of the blob folder are its owner's alone") {
  const auto scratch = scratch_folder{};
  const auto store = open_blob_files(scratch.path() / "blobs", 3);
  put(*store, key_of(1), "private");
  const auto others = fs::perms::group_all | fs::perms::others_all;
  CHECK((fs::status(scratch.path() / "blobs").permissions() & others) == fs::perms::none);
  CHECK((fs::status(file_of(scratch.path() / "blobs", key_of(1))).permissions() & others) == fs::perms::none);
}
