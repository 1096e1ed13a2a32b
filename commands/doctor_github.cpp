#include "commands/doctor.hpp"

#include "commands/http_call.hpp"
#include "net/github/app_jwt.hpp"

namespace ingot::commands {

namespace {

constexpr milliseconds patience{10'000};

/// What GitHub says to a credential.
finding ask(const settings& of, const std::string& check, const std::string& path, const std::string& token,
            const std::string& when_refused) {
  auto call = http_call{};
  call.url = of.github_api.url + path;
  call.timeout = patience;
  call.trusted_certificate = of.github_api.trusted_certificate;
  call.headers = {{"user-agent", "ingot/" INGOT_VERSION}, {"accept", "application/vnd.github+json"}};
  if (!token.empty())
    call.headers.emplace_back("authorization", "Bearer " + token);
  try {
    const auto answer = perform(call);
    if (answer.status == 200)
      return {check, verdict::ok, "taken by " + of.github_api.url, ""};
    if (answer.status == 401)
      return {check, verdict::fail, "refused by " + of.github_api.url + " (401)", when_refused};
    return {check, verdict::warn, of.github_api.url + " answers " + std::to_string(answer.status),
            "try again in a while; githubstatus.com tells of its troubles"};
  } catch (const std::exception&) {
    return {check, verdict::fail, "no answer from " + of.github_api.url,
            "is the network open to it (DNS, firewall, github_api.url)?"};
  }
}

} // namespace

findings examine_github(const settings& of, timestamp now, bool online) {
  const auto& x = of.github_api;
  findings out;
  auto jwt = std::string{};
  if (!x.app_id.empty() || !x.app_private_key.empty()) {
    try {
      if (x.app_id.empty() || x.app_private_key.empty())
        throw std::runtime_error{x.app_id.empty() ? "there is a private key and no github_api.app_id"
                                                  : "there is an App and no private key"};
      jwt = github::make_app_jwt(x.app_id, github::read_private_key(x.app_private_key), now);
      if (!online)
        out.push_back({"GitHub App", verdict::ok,
                       "its private key can be used; `ingot doctor --online` asks whether it is this App's", ""});
    } catch (const std::exception& e) {
      out.push_back(
          {"GitHub App", verdict::fail, e.what(),
           "github_api.app_private_key takes the PEM that GitHub gave when the key was made, or the path of that file"});
    }
  }
  if (!online)
    return out;
  if (!jwt.empty())
    out.push_back(
        ask(of, "GitHub App", "/app", jwt, "the key is not this App's, or was deleted there; or this machine's clock is wrong"));
  out.push_back(ask(of, "GitHub token", "/rate_limit", x.token,
                    "it has ended, or was revoked: make another (contents and metadata, read only) and set GITHUB_TOKEN"));
  return out;
}

} // namespace ingot::commands
