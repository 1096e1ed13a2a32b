#include "net/s3/bucket.hpp"
#include "tests/support/blob_store_checks.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/s3_server.hpp"

#include <atomic>

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

} // namespace

TEST_CASE("an S3 store keeps contents byte for byte, and reads from any offset") {
  const auto server = s3_server::start();
  if (!server)
    return;
  auto settings = settings_of(server->url() + "/");
  SECTION("without a prefix") {}
  SECTION("with a prefix") {
    settings.s3_prefix = "ingot test/blobs+";
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
  settings.s3_prefix = "mine/";
  const auto store = open_bucket(settings);
  settings.s3_prefix = "mine/below/";
  put(*open_bucket(settings), "aaaa.2", "somebody else's below");
  lists_in_order(*store, 60);
}

TEST_CASE("threads use an S3 store at the same time") {
  if (const auto server = s3_server::start())
    is_thread_safe(*open_bucket(settings_of(server->url())), 4, 20);
}

TEST_CASE("an S3 store with another secret or bucket is an error that tells no secret") {
  const auto server = s3_server::start();
  if (!server)
    return;
  auto settings = settings_of(server->url());
  settings.s3_secret_key = "another-secret-5d1e";
  const auto error = error_of([&] { put(*open_bucket(settings), key_of(1), "x"); });
  CHECK(error.find("403 SignatureDoesNotMatch") != std::string::npos);
  CHECK(error.find("another-secret") == std::string::npos);
  CHECK(error_of([&] { open_bucket(settings)->read(key_of(1)); }).find("403") != std::string::npos);
  CHECK(error_of([&] { open_bucket(settings)->list("", 1); }).find("403") != std::string::npos);
  settings = settings_of(server->url());
  settings.s3_bucket = "none";
  CHECK(error_of([&] { put(*open_bucket(settings), key_of(1), "x"); }).find("404 NoSuchBucket") != std::string::npos);
}

TEST_CASE("an S3 store that is away for a moment is asked again, and not for ever") {
  std::atomic<int> calls{0};
  const auto settings = [](const std::string& url) { return settings_of(url); };
  local_http_server shaky{[&](const std::string&) { return http_answer_text(++calls < 3 ? 503 : 200, ""); }};
  put(*open_bucket(settings(shaky.url())), key_of(1), "x");
  CHECK(calls == 3);
  calls = -100;
  CHECK(error_of([&] { put(*open_bucket(settings(shaky.url())), key_of(1), "x"); }) == "the S3 store refuses to take a blob: 503");
  CHECK(calls == -97);
  CHECK(error_of([&] { put(*open_bucket(settings("http://127.0.0.1:1")), key_of(1), "x"); }).starts_with("the S3 store was not reached"));
}
