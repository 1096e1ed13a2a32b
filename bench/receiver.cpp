#include "bench/receiver.hpp"

#include <utility>

namespace ingot::bench {

namespace {

constexpr std::size_t body_bytes_max = std::size_t{1024} * 1024;

/// Of the project that the path names: `/releases/token/current`.
std::string release_history(const std::string& path) {
  const auto begin = path.find('/', 1) + 1;
  const auto project = path.substr(begin, path.find('/', begin) - begin);
  return "<project><title>T</title><short_name>" + project +
         "</short_name><releases><release><version>1.0.1</version><status>published</status></release></releases></project>";
}

http::response answer_to(const std::string& path) {
  auto out = http::response{};
  out.body = "{}";
  if (path == "/v1/events")
    out.body = R"({"object":"list","data":[],"has_more":false})";
  if (path.starts_with("/releases/")) {
    out.body = release_history(path);
    out.content_type = "text/xml";
  }
  return out;
}

server_settings anywhere() {
  auto out = server_settings{};
  out.port = 0;
  return out;
}

} // namespace

struct receiver::application final : http::application {
  http::admission admit(const http::request_head&) override { return {body_bytes_max, {}}; }

  void handle(http::request req, http::responder done) override {
    if (req.head.path != "/stall")
      return done(answer_to(req.head.path));
    const std::lock_guard lock{mutex};
    waiting.push_back(std::move(done));
  }

  std::mutex mutex;
  std::vector<http::responder> waiting;
};

receiver::receiver()
    : application_{std::make_unique<application>()}, server_{std::make_unique<http::server>(anywhere(), *application_)} {
  server_->start();
}

receiver::~receiver() {
  server_->stop();
}

std::string receiver::url() const {
  return "http://127.0.0.1:" + std::to_string(server_->port());
}

std::size_t receiver::stalled() const {
  const std::lock_guard lock{application_->mutex};
  return application_->waiting.size();
}

void receiver::release() {
  const std::lock_guard lock{application_->mutex};
  for (auto& x : application_->waiting)
    x(answer_to("/"));
  application_->waiting.clear();
}

} // namespace ingot::bench
