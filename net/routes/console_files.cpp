#include "net/routes/console_files.hpp"

#include "model/sha256.hpp"
#include "model/signature.hpp"
#include "net/routes/byte_range.hpp"
#include "telemetry/log.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace ingot::routes {

namespace {

namespace fs = std::filesystem;

constexpr auto bytes_max = std::uintmax_t{8} * 1024 * 1024;

// Nothing from elsewhere, nothing inline, in nobody's frame; text becomes markup by one policy only (console/src/readme.ts).
constexpr auto content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types readme";

std::string_view content_type_of(const fs::path& name) {
  constexpr std::pair<std::string_view, std::string_view> known[] = {
      {".html", "text/html; charset=utf-8"},        {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},          {".svg", "image/svg+xml"},
      {".json", "application/json; charset=utf-8"}, {".woff2", "font/woff2"},
  };
  for (const auto& [extension, type] : known)
    if (name.extension() == extension)
      return type;
  return "application/octet-stream";
}

std::string read(const fs::path& from) {
  auto file = std::ifstream{from, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// Where the files lie; empty: nowhere.
fs::path folder_of(const console_settings& of) {
  if (!of.folder.empty())
    return of.folder;
  auto ignored = std::error_code{};
  const auto beside = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const auto* place : {"console", "../console", "../share/ingot/console"})
    if (fs::exists(beside / place / "index.html", ignored))
      return beside / place;
  return {};
}

console_files read_folder(const fs::path& folder) {
  auto out = console_files{};
  auto total = std::uintmax_t{0};
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    if (!entry.is_regular_file() || entry.path().extension() == ".gz")
      continue;
    total += entry.file_size();
    if (total > bytes_max)
      throw std::runtime_error{"its files are larger than a console's"};
    auto file = console_file{};
    file.body = read(entry.path());
    file.gzipped = read(entry.path().string() + ".gz");
    file.content_type = content_type_of(entry.path());
    file.etag = '"' + to_hex(sha256(file.body)).substr(0, 32) + '"';
    const auto name = entry.path().lexically_relative(folder).generic_string();
    file.hashed = name.starts_with("assets/");
    out.emplace(name, std::move(file));
  }
  return out;
}

bool takes_gzip(const http::request_head& head) {
  const auto codings = head["accept-encoding"];
  const auto at = codings.find("gzip");
  return at != std::string_view::npos && !codings.substr(at).starts_with("gzip;q=0");
}

http::response answer_of(const console_file& x, const http::request_head& head) {
  auto out = http::response{};
  out.content_type = x.content_type;
  out.fields = {{"content-security-policy", content_security_policy},
                {"x-content-type-options", "nosniff"},
                {"referrer-policy", "no-referrer"},
                {"cross-origin-opener-policy", "same-origin"},
                {"cross-origin-resource-policy", "same-origin"},
                {"cache-control", x.hashed ? "public, max-age=31536000, immutable" : "no-cache"},
                {"vary", "accept-encoding"},
                {"etag", x.etag}};
  if (names_tag(head["if-none-match"], x.etag)) {
    out.status = 304;
    return out;
  }
  const auto gzipped = !x.gzipped.empty() && takes_gzip(head);
  if (gzipped)
    out.fields.emplace_back("content-encoding", "gzip");
  out.body = gzipped ? x.gzipped : x.body;
  return out;
}

void send(const services& what, const http::request& req, std::string_view name, http::responder& done) {
  const auto found = what.console->find(name);
  if (found != what.console->end())
    return done(answer_of(found->second, req.head));
  const auto* why = what.console->empty() ? "this node has no console: it is built by `./dev run` where Node.js is present, or "
                                            "found by console.folder"
                                          : "the console has no such file";
  done(http::refusal({fault::not_found, why, {}}, req.head.request_id));
}

} // namespace

std::shared_ptr<const console_files> load_console_files(const console_settings& of) {
  const auto folder = folder_of(of);
  try {
    if (!folder.empty())
      return std::make_shared<const console_files>(read_folder(folder));
  } catch (const std::exception& e) {
    log::error("the console cannot be served", {{"folder", folder.string()}, {"reason", e.what()}});
  }
  return std::make_shared<const console_files>();
}

void show_console(const services& what, http::request req, path_parameters, http::responder done) {
  send(what, req, "index.html", done);
}

void redirect_to_console(const services&, http::request, path_parameters, http::responder done) {
  auto out = http::response{};
  out.status = 308;
  out.fields = {{"location", "/console"}};
  done(std::move(out));
}

void send_console_file(const services& what, http::request req, path_parameters file, http::responder done) {
  send(what, req, file.front(), done);
}

} // namespace ingot::routes
