#pragma once

#include "tests/support/http_client.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::testing {

namespace json = boost::json;

/// One recorded GitHub delivery.
struct sample {
  std::string event; ///< X-GitHub-Event
  std::string name;  ///< `opened-1`
  std::string body;  ///< as delivered
};

/// Recorded payloads: INGOT_SHARED or ../shared beside the tree. Nothing when there are none; a line on standard
/// error says so then.
std::optional<std::filesystem::path> shared_folder();

/// Every recorded payload, or our own small ones when those are not there.
std::vector<sample> all_samples();

/// The recorded payload `event`/`name`, else our own small one of that event.
json::value sample_of(std::string_view event, std::string_view name);

/// Our own small payload of that event (tests/support/examples).
json::value example_of(std::string_view event);

std::string text_of(const json::value& x);

/// Sets what `pointer` names; its parent must be there, or this throws.
void set(json::value& x, std::string_view pointer, json::value to);

/// Gives the payload's repository another id, and the name `owner/name`.
void move_to_repository(json::value& x, std::int64_t id, std::string_view full_name);

/// The body of delivery `step`, from 0, in the life of pull request 5 of a repository: it is opened, then gets one head after the
/// other, a second apart. Its description is `step N`.
std::string pull_request_step(std::int64_t repository, std::string_view full_name, int step);

/// The head of that pull request after that delivery.
std::string head_at_step(std::int64_t repository, int step);

/// A push to a branch. @param after its new head, and `tree` the tree of that; empty: the branch was deleted
/// @param before empty: there was no branch
std::string push_of(std::int64_t repository, std::string_view full_name, const std::string& branch, const std::string& before,
                    const std::string& after, const std::string& tree);

/// `sha256=<hex>`, computed by OpenSSL directly and not by the code under test.
std::string signature_of(std::string_view secret, std::string_view body);

/// The headers of a signed GitHub delivery.
std::vector<header> delivery_headers(std::string_view event, std::string_view delivery_id, std::string_view body,
                                     std::string_view secret);

/// Posts one signed delivery to /webhook.
http_answer deliver(http_client& to, std::string_view event, std::string_view delivery_id, std::string_view body);
http_answer deliver(http_client& to, std::string_view event, std::string_view delivery_id, const json::value& payload);

/// A delivery id in GitHub's form, unique in this process and among processes.
std::string new_delivery_id();

} // namespace ingot::testing
