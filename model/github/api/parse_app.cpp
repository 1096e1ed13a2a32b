#include "model/github/api/parse.hpp"

#include "model/github/api/answer_document.hpp"

#include <algorithm>

namespace ingot::github::api {

namespace {

installation read_installation(const json_child& from) {
  const auto x = json_members<"id", "account", "repository_selection", "html_url", "suspended_at">{from};
  // An enterprise has a slug and no login.
  const auto account = json_members<"id", "login", "slug", "type">{x.child<"account">()};
  auto out = installation{};
  out.id = x.need_positive<"id">();
  out.account_id = account.need_positive<"id">();
  out.account = account.text<"login">() ? need_text_of<"login">(account) : need_text_of<"slug">(account);
  out.account_type = account.text<"type">() ? text_of<"type">(account) : "Enterprise";
  out.repository_selection = text_of<"repository_selection">(x);
  out.html_url = text_of<"html_url">(x);
  out.suspended = x.text<"suspended_at">().has_value();
  return out;
}

hook_delivery read_delivery(const json_child& from) {
  const auto x = json_members<"id", "guid", "delivered_at", "redelivery", "status", "status_code", "event", "action">{from};
  auto out = hook_delivery{};
  out.id = x.need_positive<"id">();
  out.guid = need_text_of<"guid">(x);
  out.delivered_at = x.need_time<"delivered_at">();
  out.redelivery = x.flag<"redelivery">().value_or(false);
  out.status = need_text_of<"status">(x);
  out.status_code = static_cast<int>(std::min<std::int64_t>(count_of<"status_code">(x), 999));
  out.event = text_of<"event">(x);
  out.action = text_of<"action">(x);
  return out;
}

} // namespace

parsed<std::vector<hook_delivery>> parse_hook_deliveries(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read_list(body))
    return std::move(*wrong);
  auto out = std::vector<hook_delivery>{};
  for_each_of<"items">(json_members<"items">{document.root()},
                       [&](const json_child& each) { out.push_back(read_delivery(each)); });
  return result_of(document, std::move(out), "a list of deliveries");
}

parsed<std::vector<installation>> parse_installations(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read_list(body))
    return std::move(*wrong);
  auto out = std::vector<installation>{};
  for_each_of<"items">(json_members<"items">{document.root()},
                       [&](const json_child& each) { out.push_back(read_installation(each)); });
  return result_of(document, std::move(out), "a list of installations");
}

parsed<std::vector<installation>> parse_user_installations(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read(body))
    return std::move(*wrong);
  auto out = std::vector<installation>{};
  for_each_of<"installations">(json_members<"installations">{document.root()},
                               [&](const json_child& each) { out.push_back(read_installation(each)); });
  return result_of(document, std::move(out), "a list of a user's installations");
}

parsed<installation> parse_installation(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read(body))
    return std::move(*wrong);
  return result_of(document, read_installation(document.root()), "an installation");
}

parsed<app> parse_app(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read(body))
    return std::move(*wrong);
  const auto x = json_members<"id", "slug", "name", "html_url">{document.root()};
  return result_of(document, app{x.need_positive<"id">(), need_text_of<"slug">(x), text_of<"name">(x), text_of<"html_url">(x)},
                   "an App");
}

parsed<user> parse_user(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read(body))
    return std::move(*wrong);
  const auto x = json_members<"id", "login">{document.root()};
  return result_of(document, user{x.need_positive<"id">(), need_text_of<"login">(x)}, "a user");
}

} // namespace ingot::github::api
