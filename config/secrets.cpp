#include "config/secrets.hpp"

#include "model/base64.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace ingot {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what, const fs::path& file, int error) {
  throw std::runtime_error{"cannot " + what + " " + file.string() + ": " + std::strerror(error) +
                           ". The data folder must belong to the user that runs ingot (setting data_dir, INGOT_DATA_DIR)"};
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

/// The kept secret, or empty when there is none.
std::string read_secret(const fs::path& file) {
  descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (in.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR)
      return {};
    fail("read", file, errno);
  }
  // A copy or a restore may have opened it to others.
  struct stat about {};
  if (::fstat(in.get(), &about) == 0 && (about.st_mode & 077) != 0)
    (void)::fchmod(in.get(), 0600);
  std::array<char, 1024> buffer{};
  auto count = ::read(in.get(), buffer.data(), buffer.size());
  if (count < 0)
    fail("read", file, errno);
  std::string out{buffer.data(), static_cast<std::size_t>(count)};
  while (!out.empty() && (out.back() == '\n' || out.back() == '\r' || out.back() == ' '))
    out.pop_back();
  if (out.empty())
    throw std::runtime_error{file.string() + " is empty; delete it and a new secret is made at the next start"};
  return out;
}

/// A file beside `file` that holds `secret` on disk, mode 0600.
fs::path draft_secret(const fs::path& file, const std::string& secret) {
  auto draft = file;
  draft += random_token(".new-").substr(0, 21);
  descriptor out{::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  auto line = secret + "\n";
  if (out.get() < 0)
    fail("make", draft, errno);
  if (::write(out.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) || ::fsync(out.get()) != 0) {
    auto error = errno;
    ::unlink(draft.c_str());
    fail("write", draft, error);
  }
  return draft;
}

void sync_folder_of(const fs::path& file) {
  descriptor folder{::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.get() >= 0)
    ::fsync(folder.get());
}

/// Makes `file` hold `secret` whole or not at all, mode 0600. @returns false when it exists already.
bool keep_secret(const fs::path& file, const std::string& secret) {
  const auto draft = draft_secret(file, secret);
  // link() and not rename(): it never replaces what another node made meanwhile.
  const auto made = ::link(draft.c_str(), file.c_str()) == 0;
  const auto error = errno;
  ::unlink(draft.c_str());
  if (!made && error != EEXIST)
    fail("make", file, error);
  sync_folder_of(file);
  return made;
}

bool has_webhook_secret(const settings& s) {
  return std::any_of(s.github.begin(), s.github.end(), [](const auto& x) { return !x.secret.empty(); });
}

void set_webhook_secret(settings& to, std::string secret) {
  auto at = std::find_if(to.github.begin(), to.github.end(), [](const auto& x) { return x.name == "default"; });
  if (at == to.github.end())
    at = to.github.emplace(to.github.begin());
  at->secret = std::move(secret);
}

std::string_view as_text(const std::array<unsigned char, 32>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void mask(std::string& text, std::string_view before, std::string_view ends) {
  for (auto at = text.find(before); at != std::string::npos; at = text.find(before, at + before.size())) {
    auto from = at + before.size();
    auto to = text.find_first_of(ends, from);
    text.replace(from, to == std::string::npos ? std::string::npos : to - from, "***");
  }
}

} // namespace

void read_kept_secrets(settings& to, const fs::path& data_dir) {
  if (to.admin_token.empty())
    to.admin_token = read_secret(data_dir / admin_token_file);
  if (to.master_key.empty() || to.master_key_in_file) {
    to.master_key = read_secret(data_dir / master_key_file);
    to.master_key_in_file = !to.master_key.empty();
  }
  if (!has_webhook_secret(to)) {
    if (auto kept = read_secret(data_dir / webhook_secret_file); !kept.empty())
      set_webhook_secret(to, std::move(kept));
  }
}

generated ensure_secrets(settings& to, const fs::path& data_dir) {
  std::error_code error;
  if (!fs::exists(data_dir, error)) {
    fs::create_directories(data_dir, error);
    // Others may pass through (the embedded database runs as another user) but not look around.
    if (!error)
      fs::permissions(data_dir, fs::perms{0711}, error);
  }
  if (error || !fs::is_directory(data_dir, error))
    throw std::runtime_error{"cannot make the data folder " + data_dir.string() +
                             (error ? ": " + error.message() : ": it is no folder") + ". Choose another one with INGOT_DATA_DIR"};
  read_kept_secrets(to, data_dir);
  generated made;
  if (to.admin_token.empty())
    made.admin = keep_secret(data_dir / admin_token_file, random_token("ingot_admin_"));
  if (to.master_key.empty())
    keep_secret(data_dir / master_key_file, to_base64(as_text(random_bytes())));
  if (to.generate_webhook_secret && !has_webhook_secret(to))
    made.webhook = keep_secret(data_dir / webhook_secret_file, random_token(""));
  read_kept_secrets(to, data_dir);
  return made;
}

std::string read_kept_secret(const fs::path& data_dir, std::string_view file) {
  return read_secret(data_dir / file);
}

bool keep_secret_once(const fs::path& data_dir, std::string_view file, const std::string& secret) {
  return keep_secret(data_dir / file, secret);
}

void replace_kept_secret(const fs::path& data_dir, std::string_view file, const std::string& secret) {
  const auto target = data_dir / file;
  const auto draft = draft_secret(target, secret);
  if (::rename(draft.c_str(), target.c_str()) != 0) {
    const auto error = errno;
    ::unlink(draft.c_str());
    fail("replace", target, error);
  }
  sync_folder_of(target);
}

std::array<unsigned char, 32> random_bytes() {
  std::array<unsigned char, 32> bytes{};
  std::size_t have = 0;
  while (have < bytes.size()) {
    auto count = ::getrandom(bytes.data() + have, bytes.size() - have, 0);
    if (count < 0 && errno != EINTR)
      throw std::runtime_error{std::string{"the kernel gives no random numbers: "} + std::strerror(errno)};
    if (count > 0)
      have += static_cast<std::size_t>(count);
  }
  return bytes;
}

std::string random_token(std::string_view prefix) {
  std::string out{prefix};
  for (auto byte : random_bytes()) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

std::string mask_password(std::string_view url) {
  std::string out{url};
  if (auto scheme = out.find("://"); scheme != std::string::npos) {
    auto authority = scheme + 3;
    // The last @ of all: a password may hold unescaped ones, and hiding too much does no harm.
    auto at = out.rfind('@');
    if (at != std::string::npos && at >= authority) {
      if (auto colon = out.find(':', authority); colon < at)
        out.replace(colon + 1, at - colon - 1, "***");
    }
  }
  if (auto quote = out.find("password='"); quote != std::string::npos)
    mask(out, "password='", "'");
  else
    mask(out, "password=", " &");
  return out;
}

std::vector<std::string> secret_texts(const settings& from) {
  std::vector<std::string> out{from.admin_token,
                               from.master_key,
                               from.application.token,
                               from.application.token_previous,
                               from.cron.secret,
                               from.cron.secret_previous,
                               from.stripe.webhook_secret,
                               from.stripe.webhook_secret_previous,
                               from.stripe.secret_key,
                               from.application.notify_secret,
                               from.master_key_previous,
                               from.github_api.token,
                               from.github_api.app_private_key,
                               from.github_api.client_secret,
                               from.contents.changes_secret,
                               from.smtp.password,
                               from.submissions.notify_secret,
                               from.nightly.alert_secret,
                               from.blobs.s3_secret_key};
  for (const auto& x : from.github) {
    out.push_back(x.secret);
    out.push_back(x.secret_previous);
  }
  auto masked = mask_password(from.database.url);
  if (auto stars = masked.find("***"); stars != std::string::npos) {
    auto tail = masked.size() - stars - 3;
    out.push_back(from.database.url.substr(stars, from.database.url.size() - tail - stars));
  }
  out.erase(std::remove(out.begin(), out.end(), ""), out.end());
  return out;
}

} // namespace ingot
