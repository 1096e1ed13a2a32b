#include "net/s3/bucket.hpp"

#include "model/contents/blob_packing.hpp"
#include "model/time.hpp"
#include "net/s3/exchange.hpp"

#include <algorithm>

#include <pugixml.hpp>

namespace ingot::s3 {

namespace {

constexpr auto answer_bytes_max = std::size_t{64} * 1024;     // of what is no content
constexpr auto page_bytes_max = std::size_t{4} * 1024 * 1024; // 1,000 keys with what S3 says of them
constexpr auto page_keys_max = std::size_t{1'000};            // of ListObjectsV2

bool is_unreserved(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_' ||
         c == '~';
}

/// As the signature wants it (RFC 3986): all but unreserved characters. @param keep a slash, in a path
std::string encoded(std::string_view text, bool keep_slashes) {
  static constexpr auto digits = std::string_view{"0123456789ABCDEF"};
  auto out = std::string{};
  for (const auto c : text) {
    if (is_unreserved(c) || (c == '/' && keep_slashes)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

void check_key(std::string_view key) {
  const auto is_plain = [](char c) { return is_unreserved(c) && c != '_' && c != '~'; };
  if (key.empty() || key.front() == '.' || !std::all_of(key.begin(), key.end(), is_plain))
    throw contents::blob_store_error{"\"" + std::string{key.substr(0, 100)} + "\" is no key of a blob"};
}

/// What writers and readers share; it outlives the store for them.
struct place {
  explicit place(const blob_settings& x) : where{x} {}

  std::string target(const std::string& key) const {
    check_key(key);
    const auto& x = where.settings();
    return "/" + encoded(x.s3_bucket, false) + "/" + encoded(x.s3_prefix + key, true);
  }

  endpoint where;
};

class object_writer final : public contents::blob_writer {
public:
  explicit object_writer(std::shared_ptr<place> to) : to_{std::move(to)}, packer_{to_->where.settings().zstd_level} {
    packer_.begin();
  }

  void write(std::string_view bytes) override {
    packer_.add(bytes, ready_);
    move_on();
  }

  void commit(const std::string& key) override {
    packer_.finish(ready_);
    move_on();
    auto status = 0u;
    const auto answer = ask(to_->where, {"PUT", to_->target(key), {}, &packed_}, answer_bytes_max, status);
    if (status != 200)
      refuse("take a blob", status, answer);
  }

private:
  void move_on() {
    packed_.append(ready_);
    ready_.clear();
  }

  std::shared_ptr<place> to_;
  contents::blob_packer packer_;
  std::string ready_;
  packed_blob packed_;
};

class object_source final : public contents::packed_source {
public:
  object_source(std::shared_ptr<place> of, std::unique_ptr<exchange> from) : of_{std::move(of)}, from_{std::move(from)} {}
  std::string_view next() override { return from_->next(); }

private:
  std::shared_ptr<place> of_; // goes after what uses it
  std::unique_ptr<exchange> from_;
};

std::string text_of(exchange& x) {
  auto out = std::string{};
  for (auto piece = x.next(); !piece.empty() && out.size() < answer_bytes_max; piece = x.next())
    out += piece;
  return out;
}

/// A page of ListObjectsV2.
struct listed {
  std::vector<contents::blob_store::stored> keys;
  std::string last; ///< of all that were listed, ours or not
  bool more = false;
};

listed read_page(const std::string& xml, const std::string& prefix) {
  auto document = pugi::xml_document{};
  if (!document.load_buffer(xml.data(), xml.size(), pugi::parse_minimal | pugi::parse_escapes))
    throw contents::blob_store_error{"the S3 store's listing is no XML"};
  const auto root = document.child("ListBucketResult");
  if (!root)
    throw contents::blob_store_error{"the S3 store's listing is none: expected ListBucketResult"};
  auto out = listed{};
  out.more = std::string_view{root.child_value("IsTruncated")} == "true";
  for (const auto& x : root.children("Contents")) {
    out.last = x.child_value("Key");
    if (!out.last.starts_with(prefix) || out.last.find('/', prefix.size()) != std::string::npos)
      continue; // somebody else's
    const auto at = parse_rfc3339(x.child_value("LastModified"));
    if (!at)
      throw contents::blob_store_error{"the S3 store's listing has an object without a time"};
    out.keys.push_back(
        {out.last.substr(prefix.size()), std::chrono::floor<std::chrono::seconds>(*at).time_since_epoch().count()});
  }
  return out;
}

class bucket final : public contents::blob_store {
public:
  explicit bucket(const blob_settings& x) : place_{std::make_shared<place>(x)} {}

  std::unique_ptr<contents::blob_writer> write() override { return std::make_unique<object_writer>(place_); }
  void flush() override {}

  std::unique_ptr<contents::blob_reader> read(const std::string& key, std::uint64_t offset) override {
    auto from = std::make_unique<exchange>(place_->where, request{"GET", place_->target(key), {}, nullptr});
    const auto status = from->status();
    if (status == 404)
      return nullptr;
    if (status != 200)
      refuse("give a blob", status, text_of(*from));
    return contents::unpack(std::make_unique<object_source>(place_, std::move(from)), offset);
  }

  void remove(const std::string& key) override {
    auto status = 0u;
    const auto answer = ask(place_->where, {"DELETE", place_->target(key), {}, nullptr}, answer_bytes_max, status);
    if (status != 204 && status != 200 && status != 404)
      refuse("remove a blob", status, answer);
  }

  std::vector<stored> list(const std::string& after, std::size_t count_max) override {
    const auto& prefix = place_->where.settings().s3_prefix;
    auto start = after.empty() ? std::string{} : prefix + after;
    for (;;) {
      auto page = list_page(start, std::min(count_max, page_keys_max));
      if (!page.keys.empty() || !page.more || page.last.empty())
        return std::move(page.keys);
      start = page.last;
    }
  }

private:
  listed list_page(const std::string& start, std::size_t count) {
    const auto& x = place_->where.settings();
    const auto query = "list-type=2&max-keys=" + std::to_string(count) + "&prefix=" + encoded(x.s3_prefix, false) +
                       (start.empty() ? "" : "&start-after=" + encoded(start, false));
    auto status = 0u;
    const auto answer = ask(place_->where, {"GET", "/" + encoded(x.s3_bucket, false), query, nullptr}, page_bytes_max, status);
    if (status != 200)
      refuse("list its blobs", status, answer);
    return read_page(answer, x.s3_prefix);
  }

  std::shared_ptr<place> place_;
};

} // namespace

std::shared_ptr<contents::blob_store> open_bucket(const blob_settings& x) {
  auto settings = x;
  while (settings.s3_url.ends_with('/'))
    settings.s3_url.pop_back();
  return std::make_shared<bucket>(settings);
}

} // namespace ingot::s3
