#include "commands/backup_manifest.hpp"

#include "model/json_document.hpp"
#include "model/json_object.hpp"
#include "model/sha256.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace ingot::commands {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece_bytes = 1024 * 1024;

[[noreturn]] void fail(const std::string& what, const fs::path& file) {
  throw std::runtime_error{"cannot " + what + " " + file.string() + ": " + std::generic_category().message(errno)};
}

class descriptor {
public:
  explicit descriptor(int fd) noexcept : fd_{fd} {}
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const noexcept { return fd_; }

private:
  int fd_;
};

std::string hex(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) {
    out += "0123456789abcdef"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

void write_all(int fd, const char* bytes, std::size_t count, const fs::path& file) {
  while (count > 0) {
    const auto written = ::write(fd, bytes, count);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      fail("write", file);
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
}

/// Reads `in` to its end, and writes it to `out` unless that is below 0.
backup_file pass(int in, const fs::path& from, int out, const fs::path& to) {
  auto digest = sha256_stream{};
  auto measured = backup_file{};
  std::vector<char> piece(piece_bytes);
  for (;;) {
    const auto got = ::read(in, piece.data(), piece.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      fail("read", from);
    if (got == 0)
      break;
    const auto count = static_cast<std::size_t>(got);
    digest.add({piece.data(), count});
    measured.bytes += count;
    if (out >= 0)
      write_all(out, piece.data(), count, to);
  }
  measured.sha256 = hex(digest.finish());
  return measured;
}

std::uint64_t number_of(const simdjson::dom::object& x, std::string_view name) {
  std::int64_t out = 0;
  if (x[name].get(out) != simdjson::SUCCESS || out < 0)
    throw std::runtime_error{"the manifest is damaged: `" + std::string{name} + "` is no number"};
  return static_cast<std::uint64_t>(out);
}

std::string text_of(const simdjson::dom::object& x, std::string_view name) {
  std::string_view out;
  if (x[name].get(out) != simdjson::SUCCESS)
    throw std::runtime_error{"the manifest is damaged: `" + std::string{name} + "` is no text"};
  return std::string{out};
}

/// A path that leads nowhere else.
bool is_below(const std::string& path) {
  return !path.empty() && path.front() != '/' && path.find("..") == std::string::npos;
}

} // namespace

std::string to_json(const backup_manifest& x) {
  auto files = std::vector<std::string>{};
  for (const auto& f : x.files)
    files.push_back(json_object{}.add("path", f.path).add("bytes", f.bytes).add("sha256", f.sha256).text());
  return json_object{}
      .add("format", x.format)
      .add("ingot_version", x.ingot_version)
      .add("schema_version", x.schema_version)
      .add("server_version", x.server_version)
      .add("begun_at", x.begun_at)
      .add("spooled", x.spooled)
      .add("blobs", x.blobs)
      .add("blob_count", x.blob_count)
      .add("blob_bytes", x.blob_bytes)
      .add("blobs_missing", x.blobs_missing)
      .add("secrets", x.secrets)
      .add_raw("files", json_array(files))
      .text();
}

backup_manifest read_manifest(const fs::path& folder) {
  std::ifstream in{folder / manifest_file, std::ios::binary};
  if (!in)
    throw std::runtime_error{folder.string() + " is no whole backup: it has no " + std::string{manifest_file} +
                             ", which is written last"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  auto document = json_document{};
  if (const auto wrong = document.parse(text))
    throw std::runtime_error{"the manifest is damaged: " + wrong->message};
  const auto root = document.root();
  auto out = backup_manifest{};
  out.format = static_cast<int>(number_of(root, "format"));
  if (out.format > backup_manifest::format_now)
    throw std::runtime_error{"the backup was made by a newer ingot (" + text_of(root, "ingot_version") +
                             "): restore it with that one"};
  out.ingot_version = text_of(root, "ingot_version");
  out.schema_version = static_cast<int>(number_of(root, "schema_version"));
  out.server_version = text_of(root, "server_version");
  out.begun_at = text_of(root, "begun_at");
  out.spooled = number_of(root, "spooled");
  out.blobs = text_of(root, "blobs");
  out.blob_count = number_of(root, "blob_count");
  out.blob_bytes = number_of(root, "blob_bytes");
  out.blobs_missing = number_of(root, "blobs_missing");
  if (root["secrets"].get(out.secrets) != simdjson::SUCCESS)
    throw std::runtime_error{"the manifest is damaged: `secrets` is neither true nor false"};
  simdjson::dom::array files;
  if (root["files"].get(files) != simdjson::SUCCESS)
    throw std::runtime_error{"the manifest is damaged: `files` is no list"};
  for (const auto element : files) {
    simdjson::dom::object file;
    if (element.get(file) != simdjson::SUCCESS)
      throw std::runtime_error{"the manifest is damaged: `files` holds something else"};
    out.files.push_back({text_of(file, "path"), number_of(file, "bytes"), text_of(file, "sha256")});
    if (!is_below(out.files.back().path))
      throw std::runtime_error{"the manifest names a file outside of the backup: " + out.files.back().path};
  }
  return out;
}

backup_file measure(const fs::path& folder, const std::string& path) {
  const auto file = folder / path;
  const descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (in.get() < 0)
    fail("read", file);
  auto out = pass(in.get(), file, -1, {});
  out.path = path;
  return out;
}

backup_file copy_measured(const fs::path& from, const fs::path& to, bool durable) {
  const descriptor in{::open(from.c_str(), O_RDONLY | O_CLOEXEC)};
  if (in.get() < 0 && errno == ENOENT)
    return {};
  if (in.get() < 0)
    fail("read", from);
  const descriptor out{::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (out.get() < 0)
    fail("make", to);
  auto measured = pass(in.get(), from, out.get(), to);
  measured.path = to.filename().string();
  if (::fchmod(out.get(), 0600) != 0 || (durable && ::fsync(out.get()) != 0))
    fail("write", to);
  return measured;
}

std::string blob_line(const backup_file& x) {
  return x.sha256 + "  " + x.path + "\n";
}

backup_file parse_blob_line(std::string_view line) {
  constexpr std::size_t digits = 64;
  if (line.size() < digits + 3 || line.substr(digits, 2) != "  " || !is_below(std::string{line.substr(digits + 2)}) ||
      !line.substr(digits + 2).starts_with("blobs/"))
    return {};
  return {std::string{line.substr(digits + 2)}, 0, std::string{line.substr(0, digits)}};
}

void sync_file_system_of(const fs::path& folder) {
  const descriptor open{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (open.get() < 0 || ::syncfs(open.get()) != 0)
    fail("write to the disk", folder);
}

} // namespace ingot::commands
