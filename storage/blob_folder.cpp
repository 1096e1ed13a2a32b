#include "storage/blob_folder.hpp"

#include "model/contents/blob_store.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <random>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ingot::storage {

namespace {

constexpr auto fan_characters = std::size_t{2}; // 256 folders, as git has: more would be made anew for every few blobs
constexpr auto few_files = std::size_t{64};     // and folders: fsync of each; of more than that, syncfs of all costs less
constexpr auto leftover_age = std::chrono::hours{24};

struct close_folder {
  void operator()(DIR* x) const noexcept { ::closedir(x); }
};
using folder_handle = std::unique_ptr<DIR, close_folder>;

folder_handle open_folder(int root, const std::string& name) {
  const auto fd = ::openat(root, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return folder_handle{fd < 0 ? nullptr : ::fdopendir(fd)};
}

bool is_plain(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
}

bool is_key(std::string_view x) noexcept {
  return x.size() > fan_characters && x.size() <= 255 && x.front() != '.' && std::all_of(x.begin(), x.end(), is_plain);
}

std::string random_name() {
  static constexpr auto digits = std::string_view{"0123456789abcdef"};
  auto source = std::random_device{};
  auto out = std::string{};
  for (auto i = 0; i < 16; ++i)
    out += digits[source() % 16];
  return out;
}

} // namespace

file_handle::~file_handle() {
  if (fd_ >= 0)
    ::close(fd_);
}

blob_folder::blob_folder(const std::filesystem::path& path) : path_{path}, own_{random_name()} {
  auto problem = std::error_code{};
  if (std::filesystem::create_directories(path / "new", problem)) {
    ::chmod(path.c_str(), 0700); // what lies here is as private as the repositories
    ::chmod((path / "new").c_str(), 0700);
  } else if (problem)
    throw contents::blob_store_error{"cannot make the blob folder " + (path / "new").string() + ": " + problem.message()};
  root_ = file_handle{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!root_)
    fail("open", "");
  remove_leftovers();
}

void blob_folder::fail(std::string_view doing, std::string_view name) const {
  const auto error = errno;
  throw contents::blob_store_error{"cannot " + std::string{doing} + " " + (path_ / name).string() + ": " +
                                   std::generic_category().message(error)};
}

std::string blob_folder::place_of(const std::string& key) const {
  if (!is_key(key))
    throw contents::blob_store_error{"\"" + key.substr(0, 100) + "\" is no key of a blob"};
  return key.substr(0, fan_characters) + "/" + key;
}

void blob_folder::remove_leftovers() const {
  const auto all = open_folder(root_.get(), "new");
  const auto limit = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() - leftover_age);
  while (const auto* entry = all ? ::readdir(all.get()) : nullptr) {
    struct stat found {};
    if (::fstatat(::dirfd(all.get()), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(found.st_mode) &&
        found.st_mtime < limit)
      ::unlinkat(::dirfd(all.get()), entry->d_name, 0);
  }
}

blob_folder::new_file blob_folder::make() {
  auto name = "new/" + own_ + "-" + std::to_string(made_.fetch_add(1));
  auto file = file_handle{::openat(root_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!file)
    fail("make", name);
  return {std::move(name), std::move(file)};
}

void blob_folder::write(const new_file& to, std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto written = ::write(to.file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR)
      fail("write", to.name);
    bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
}

void blob_folder::commit(new_file&& x, const std::string& key) {
  const auto place = place_of(key);
  auto made_folder = false;
  while (::renameat(root_.get(), x.name.c_str(), root_.get(), place.c_str()) != 0) {
    const auto fan = key.substr(0, fan_characters);
    if (errno != ENOENT || made_folder)
      fail("rename a blob to", place);
    if (::mkdirat(root_.get(), fan.c_str(), 0700) != 0 && errno != EEXIST)
      fail("make", fan);
    made_folder = true;
  }
  const auto lock = std::lock_guard{pending_mutex_};
  if (pending_.many)
    return;
  pending_.files.push_back(std::move(x.file));
  pending_.many = pending_.files.size() > few_files;
  // A folder that cannot be opened for its fsync is synced with all the rest.
  auto folder = file_handle{::openat(root_.get(), key.substr(0, fan_characters).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  pending_.many |= !folder;
  pending_.files.push_back(std::move(folder));
  if (pending_.many)
    pending_.files.clear();
}

void blob_folder::abandon(const new_file& x) const noexcept {
  ::unlinkat(root_.get(), x.name.c_str(), 0);
}

void blob_folder::flush() {
  const auto one_at_a_time = std::lock_guard{flushing_};
  auto todo = unflushed{};
  {
    const auto lock = std::lock_guard{pending_mutex_};
    std::swap(todo, pending_);
  }
  if (!broken_.empty())
    throw contents::blob_store_error{broken_};
  try {
    if (todo.many && ::syncfs(root_.get()) != 0)
      fail("sync", "");
    if (!todo.files.empty())
      sync_each(std::move(todo.files));
  } catch (const contents::blob_store_error& x) {
    broken_ = std::string{x.what()} + " (blobs may be lost: see to the disk, then start the node anew)";
    throw contents::blob_store_error{broken_};
  }
}

void blob_folder::sync_each(std::vector<file_handle> files) const {
  for (const auto& x : files)
    if (::fsync(x.get()) != 0)
      fail("sync a blob in", "");
  if (::fsync(root_.get()) != 0) // fan-out folders may be new
    fail("sync", "");
}

file_handle blob_folder::open(const std::string& key) const {
  const auto place = place_of(key);
  auto file = file_handle{::openat(root_.get(), place.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!file && errno != ENOENT)
    fail("open", place);
  return file;
}

void blob_folder::remove(const std::string& key) const {
  const auto place = place_of(key);
  if (::unlinkat(root_.get(), place.c_str(), 0) != 0 && errno != ENOENT)
    fail("remove", place);
}

std::vector<std::string> blob_folder::fans(const std::string& after) const {
  auto out = std::vector<std::string>{};
  const auto all = open_folder(root_.get(), ".");
  if (!all)
    fail("read", "");
  while (const auto* entry = ::readdir(all.get())) {
    auto name = std::string{entry->d_name};
    if (name.size() == fan_characters && name != "new" && name >= after.substr(0, fan_characters) && is_key(name + "0"))
      out.push_back(std::move(name));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> blob_folder::keys_of(const std::string& fan, const std::string& after) const {
  auto out = std::vector<std::string>{};
  const auto all = open_folder(root_.get(), fan);
  if (!all)
    fail("read", fan);
  while (const auto* entry = ::readdir(all.get())) {
    auto name = std::string{entry->d_name};
    if (name > after && is_key(name) && name.starts_with(fan))
      out.push_back(std::move(name));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::int64_t blob_folder::written_at(const std::string& key) const {
  struct stat found {};
  return ::fstatat(root_.get(), place_of(key).c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 ? found.st_mtime : 0;
}

} // namespace ingot::storage
