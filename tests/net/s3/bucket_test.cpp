#include "net/s3/bucket.hpp"
#include "tests/support/blob_store_checks.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/s3_server.hpp"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdio>

#include <openssl/hmac.h>
#include <openssl/sha.h>

using namespace blob_store_checks;
using ingot::blob_settings;
using ingot::contents::blob_store_error;
using ingot::s3::open_bucket;
using ingot::testing::s3_server;

namespace {

blob_settings settings_of(const std::string& url) {
  auto out = blob_settings{};
  out.s3_url = url;
  out.s3_bucket = s3_server::bucket;
  out.s3_access_key = s3_server::access_key;
  out.s3_secret_key = s3_server::secret_key;
  out.s3_timeout = ingot::milliseconds{5'000};
  return out;
}

std::string error_of(const std::function<void()>& what) {
  try {
    what();
  } catch (const blob_store_error& x) {
    return x.what();
  }
  return "none";
}

/// Of a field of a request as it came, whatever the case of its name.
std::string value_of(const std::string& request, std::string_view lower_case_name) {
  for (auto at = request.find("\r\n") + 2; at < request.size() && request[at] != '\r'; at = request.find("\r\n", at) + 2) {
    const auto colon = request.find(':', at);
    auto name = request.substr(at, colon - at);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto from = request.find_first_not_of(' ', colon + 1);
    if (name == lower_case_name)
      return request.substr(from, request.find("\r\n", from) - from);
  }
  return {};
}

std::string hex(std::string_view bytes) {
  auto out = std::string{};
  for (const auto c : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
    out += two;
  }
  return out;
}

std::string hmac(const std::string& key, const std::string& text) {
  unsigned char out[32];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       out, &size);
  return {reinterpret_cast<char*>(out), size};
}

std::string sha256(const std::string& text) {
  unsigned char out[32];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), out);
  return {reinterpret_cast<char*>(out), sizeof out};
}

/// What the field Authorization must be, as Amazon's documentation computes it ("Create a signed AWS API request").
std::string authorization_of(const std::string& request, const blob_settings& x) {
  const auto line = request.substr(0, request.find(" HTTP/1.1"));
  const auto space = line.find(' '), question = std::min(line.find('?'), line.size());
  const auto query = line.substr(std::min(question + 1, line.size()));
  const auto at = value_of(request, "x-amz-date"), scope = at.substr(0, 8) + "/" + x.s3_region + "/s3/aws4_request";
  const auto canonical = line.substr(0, space) + "\n" + line.substr(space + 1, question - space - 1) + "\n" + query +
                         "\nhost:" + value_of(request, "host") +
                         "\nx-amz-content-sha256:" + value_of(request, "x-amz-content-sha256") + "\nx-amz-date:" + at +
                         "\n\nhost;x-amz-content-sha256;x-amz-date\n" + value_of(request, "x-amz-content-sha256");
  const auto to_sign = "AWS4-HMAC-SHA256\n" + at + "\n" + scope + "\n" + hex(sha256(canonical));
  const auto key = hmac(hmac(hmac(hmac("AWS4" + x.s3_secret_key, at.substr(0, 8)), x.s3_region), "s3"), "aws4_request");
  return "AWS4-HMAC-SHA256 Credential=" + x.s3_access_key + "/" + scope +
         ", SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=" + hex(hmac(key, to_sign));
}

} // namespace

TEST_CASE("an S3 store keeps contents byte for byte, and reads from any offset") {
  const auto server = s3_server::start();
  if (!server)
    return;
  auto settings = settings_of(server->url() + "/");
  SECTION("without a prefix") {}
  SECTION("with a prefix") {
    settings.s3_prefix = "ingot test/blobs!";
  }
  const auto store = open_bucket(settings);
  keeps_contents(*store, 9'000'001);
  CHECK(store->list("", 10).empty());
}

TEST_CASE("an object of an S3 store is replaced as a whole, and one that is dropped leaves nothing") {
  if (const auto server = s3_server::start())
    replaces_and_drops(*open_bucket(settings_of(server->url())));
}

TEST_CASE("an S3 store lists its keys in order, each once, and nobody else's") {
  const auto server = s3_server::start();
  if (!server)
    return;
  put(*open_bucket(settings_of(server->url())), "aaaa.1", "somebody else's");
  auto settings = settings_of(server->url());
  settings.s3_prefix = "mine-";
  lists_in_order(*open_bucket(settings), 60);
}

TEST_CASE("threads use an S3 store at the same time") {
  if (const auto server = s3_server::start())
    is_thread_safe(*open_bucket(settings_of(server->url())), 4, 20);
}

TEST_CASE("an S3 store that refuses is an error that tells no secret") {
  const auto server = s3_server::start();
  if (!server)
    return;
  auto settings = settings_of(server->url());
  settings.s3_access_key = "nobody";
  settings.s3_secret_key = "another-secret-5d1e";
  const auto error = error_of([&] { put(*open_bucket(settings), key_of(1), "x"); });
  CHECK(error == "the S3 store refuses to take a blob: 403 InvalidAccessKeyId");
  CHECK(error_of([&] { open_bucket(settings)->read(key_of(1)); }).find("403") != std::string::npos);
  CHECK(error_of([&] { open_bucket(settings)->list("", 1); }).find("403") != std::string::npos);
  settings = settings_of(server->url());
  settings.s3_bucket = "none";
  CHECK(error_of([&] { put(*open_bucket(settings), key_of(1), "x"); }).find("404 NoSuchBucket") != std::string::npos);
}

TEST_CASE("requests to an S3 store are signed by AWS Signature Version 4") {
  // The server of the other tests knows keys, and does not compute this signature; here it is computed anew.
  local_http_server server{[](const std::string&) {
    return http_answer_text(200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
  }};
  auto settings = settings_of(server.url());
  settings.s3_region = "eu-west-7";
  settings.s3_prefix = "a b/c!";
  const auto store = open_bucket(settings);
  put(*store, key_of(1), "x");
  store->list(key_of(2), 7);
  store->remove(key_of(1));
  const auto requests = server.requests();
  REQUIRE(requests.size() == 3);
  for (const auto& x : requests) {
    INFO(x.substr(0, x.find("\r\n\r\n")));
    const auto given = value_of(x, "authorization");
    CHECK(given == authorization_of(x, settings));
    CHECK(given.find("SignedHeaders=host;x-amz-content-sha256;x-amz-date,") != std::string::npos);
  }
}

TEST_CASE("an S3 store that is away for a moment is asked again, and not for ever") {
  std::atomic<int> calls{0};
  const auto settings = [](const std::string& url) { return settings_of(url); };
  local_http_server shaky{[&](const std::string&) { return http_answer_text(++calls < 3 ? 503 : 200, ""); }};
  put(*open_bucket(settings(shaky.url())), key_of(1), "x");
  CHECK(calls == 3);
  calls = -100;
  CHECK(error_of([&] { put(*open_bucket(settings(shaky.url())), key_of(1), "x"); }) ==
        "the S3 store refuses to take a blob: 503");
  CHECK(calls == -97);
  CHECK(error_of([&] {
          put(*open_bucket(settings("http://127.0.0.1:1")), key_of(1), "x");
        }).starts_with("the S3 store was not reached"));
}
