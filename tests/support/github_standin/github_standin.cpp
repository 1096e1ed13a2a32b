#include "tests/support/github_standin/github_standin.hpp"

#include "model/sha256.hpp"
#include "model/signature.hpp"
#include "tests/support/github_standin/standin_control.hpp"
#include "tests/support/github_standin/standin_request.hpp"
#include "tests/support/github_standin/standin_web.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <stdexcept>

namespace ingot::testing {

namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

} // namespace

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

hosted_repository* github_standin::state::find(std::int64_t id) {
  const auto found = repositories.find(id);
  return found == repositories.end() ? nullptr : &found->second;
}

hosted_repository* github_standin::state::find(const std::string& owner, const std::string& name, bool& former) {
  former = false;
  for (auto& [id, x] : repositories)
    if (!x.deleted && same_name(x.owner, owner) && same_name(x.name, name))
      return &x;
  former = true;
  for (auto& [id, x] : repositories)
    for (const auto& [old_owner, old_name] : x.former_names)
      if (same_name(old_owner, owner) && same_name(old_name, name))
        return &x;
  return nullptr;
}

std::string github_standin::state::new_token(const char* prefix) {
  return prefix + std::string{"standin"} + std::to_string(++last_token) + "0123456789abcdefghijklmnop";
}

github_standin::github_standin(standin_options options) : state_{std::make_unique<state>()} {
  web_ = std::make_unique<web_server>(options.web_port, [this](const web_request& x) { return standin_web{*this, x}.answer(); });
  api_ = std::make_unique<web_server>(options.port, [this](const web_request& x) {
    return x.path.starts_with("/_standin/") ? standin_control{*this, x}.answer() : standin_request{*this, x}.answer();
  });
  state_->make.web = web_->url();
  state_->make.api = api_->url();
}

github_standin::~github_standin() = default;

std::int64_t github_standin::add(hosted_repository x) {
  const auto lock = std::lock_guard{state_->mutex};
  if (x.id == 0)
    x.id = ++state_->last_id;
  const auto id = x.id;
  state_->repositories[id] = std::move(x);
  return id;
}

void github_standin::change(std::int64_t id, const std::function<void(hosted_repository&)>& how) {
  const auto lock = std::lock_guard{state_->mutex};
  auto* found = state_->find(id);
  if (found == nullptr)
    throw std::runtime_error{"no repository " + std::to_string(id)};
  how(*found);
}

void github_standin::rename(std::int64_t id, const std::string& owner, const std::string& name) {
  change(id, [&](hosted_repository& x) {
    x.former_names.emplace_back(x.owner, x.name);
    x.owner = owner;
    x.name = name;
  });
}

hosted_repository github_standin::repository(std::int64_t id) const {
  const auto lock = std::lock_guard{state_->mutex};
  const auto* found = state_->find(id);
  return found != nullptr ? *found : hosted_repository{};
}

std::string github_standin::add_lfs_object(std::int64_t repository_id, const std::string& content) {
  const auto oid = to_hex(sha256(content));
  const auto lock = std::lock_guard{state_->mutex};
  state_->lfs_objects[repository_id][oid] = content;
  return oid;
}

void github_standin::add_token(const std::string& token, hosted_token of) {
  const auto lock = std::lock_guard{state_->mutex};
  state_->tokens[token] = std::move(of);
}

void github_standin::revoke_token(const std::string& token) {
  const auto lock = std::lock_guard{state_->mutex};
  state_->tokens.erase(token);
}

void github_standin::add_refresh_token(const std::string& refresh_token, hosted_token of) {
  const auto lock = std::lock_guard{state_->mutex};
  state_->refresh_tokens[refresh_token] = std::move(of);
}

void github_standin::add_oauth_code(const std::string& code, hosted_token of) {
  const auto lock = std::lock_guard{state_->mutex};
  state_->oauth_codes[code] = std::move(of);
}

void github_standin::set_app(hosted_app x) {
  const auto lock = std::lock_guard{state_->mutex};
  state_->app = std::move(x);
}

void github_standin::add(hosted_installation x) {
  const auto lock = std::lock_guard{state_->mutex};
  if (x.account_id == 0)
    x.account_id = owner_id_of(x.account);
  state_->installations[x.id] = std::move(x);
}

void github_standin::change_installation(std::int64_t id, const std::function<void(hosted_installation&)>& how) {
  const auto lock = std::lock_guard{state_->mutex};
  how(state_->installations.at(id));
}

std::int64_t github_standin::add(hosted_delivery x) {
  const auto lock = std::lock_guard{state_->mutex};
  if (x.id == 0)
    x.id = ++state_->last_id;
  if (x.delivered_at == 0)
    x.delivered_at = seconds_now();
  state_->deliveries.push_back(std::move(x));
  return state_->deliveries.back().id;
}

std::vector<std::int64_t> github_standin::redelivered() const {
  const auto lock = std::lock_guard{state_->mutex};
  return state_->redelivered;
}

void github_standin::set_limits(const standin_limits& x) {
  const auto lock = std::lock_guard{state_->mutex};
  state_->limits = x;
}

void github_standin::set_budget(const budget_rules& x) {
  const auto lock = std::lock_guard{state_->mutex};
  state_->budget.rules = x;
}

void github_standin::set_used(const std::string& budget, const std::string& resource, std::int64_t used) {
  const auto lock = std::lock_guard{state_->mutex};
  state_->budget.set_used(budget, resource, used);
}

void github_standin::set_faults(fault_script x) {
  const auto lock = std::lock_guard{state_->mutex};
  state_->faults = fault_source{std::move(x)};
}

standin_counts github_standin::counts() const {
  const auto lock = std::lock_guard{state_->mutex};
  auto out = state_->counts;
  out.bytes = api_->bytes_sent() + web_->bytes_sent();
  return out;
}

void github_standin::reset_counts() {
  const auto lock = std::lock_guard{state_->mutex};
  state_->counts = {};
}

} // namespace ingot::testing
