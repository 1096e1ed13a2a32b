#include "tests/net/test_application.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace ingot::testing {

using namespace std::chrono_literals;

http::response ok(std::string body) {
  http::response answer;
  answer.body = std::move(body);
  return answer;
}

server_settings test_settings() {
  server_settings s;
  s.port = 0;
  s.drain_idle = milliseconds(0);
  return s;
}

bool eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

serving::serving(const server_settings& settings) : server(settings, app) {
  refusals.listen_to(server);
  server.start();
}

test_application::~test_application() {
  for (auto& each : threads_)
    each.join();
}

http::admission test_application::admit(const http::request_head& head) {
  const std::lock_guard lock(mutex_);
  paths_.push_back(head.path);
  const auto refused = [&](fault why, const char* message) {
    http::admission no;
    no.refusal = http::refusal({why, message, {}}, head.request_id);
    return no;
  };
  const std::vector<std::string> gets{"/get", "/big", "/stream"};
  const std::vector<std::string> posts{"/post", "/limited", "/hold", "/drop", "/throw", "/thread", "/refuse"};
  const auto in = [&](const std::vector<std::string>& set) { return std::find(set.begin(), set.end(), head.path) != set.end(); };
  if (!in(gets) && !in(posts))
    return refused(fault::not_found, "no such route");
  if (head.method != (in(gets) ? "GET" : "POST"))
    return refused(fault::method_not_allowed, "not that way");
  if (head.path == "/refuse")
    return refused(fault::unauthorized, "no");
  http::admission yes;
  if (head.has("x-sender"))
    yes.from = {0, std::hash<std::string_view>{}(head["x-sender"]) | 1};
  yes.body_bytes_max = head.path == "/limited" ? 1000 : head.method == "POST" ? 1'000'000'000 : 0;
  return yes;
}

void test_application::handle(http::request req, http::responder done) {
  const auto path = req.head.path;
  const auto size = std::to_string(req.body.size());
  {
    const std::lock_guard lock(mutex_);
    seen_.push_back(std::move(req));
    if (path == "/hold") {
      held_.push_back(std::move(done));
      changed_.notify_all();
      return;
    }
    if (path == "/stream") {
      done(std::exchange(stream_of_head, {}));
      return;
    }
    if (path == "/thread") {
      threads_.emplace_back([done = std::move(done), size]() mutable { done(ok(size)); });
      return;
    }
  }
  if (path == "/throw")
    throw std::runtime_error("a defect");
  if (path == "/drop")
    return;
  done(ok(path == "/get" ? "{}" : path == "/big" ? std::string(32'000'000, 'x') : size));
}

std::vector<http::responder> test_application::take_held(std::size_t count) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, 20s, [&] { return held_.size() >= count; }))
    throw std::runtime_error("the requests did not come");
  return std::exchange(held_, {});
}

std::vector<http::request> test_application::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::vector<std::string> test_application::paths() const {
  const std::lock_guard lock(mutex_);
  return paths_;
}

void refusal_log::listen_to(http::server& of) {
  of.on_refusal = [this](std::string_view, fault why, std::string_view reason) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(why, reason);
    changed_.notify_all();
  };
}

bool refusal_log::wait_for(fault why, std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, 20s, [&] {
    return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [&](const line& l) { return l.first == why; })) >=
           count;
  });
}

std::vector<refusal_log::line> refusal_log::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

} // namespace ingot::testing
