#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// Finds the route of a request and guards its door.
class application final : public http::application {
public:
  explicit application(services what) : services_{std::move(what)} {}

  http::admission admit(const http::request_head& head) override;
  void handle(http::request req, http::responder done) override;
  void end_turn() override;

private:
  services services_;
};

/// The pattern of the route that `head` asks for, for metrics; `other` when there is none.
std::string_view pattern_of(std::string_view method, std::string_view path);

} // namespace ingot::routes
