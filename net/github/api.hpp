#pragma once

#include "model/contents/provider.hpp"
#include "model/github/api/permits.hpp"
#include "model/github/api/values.hpp"
#include "net/github/client.hpp"
#include "net/github/tokens.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::github {

/// On whose behalf requests are made, and how urgent they are.
struct caller {
  std::int64_t credential_id = 0; ///< 0: the node's personal token, or nobody
  bool as_app = false;            ///< by the App's JWT
  contents::urgency how = contents::urgency::fallback;
  std::string repository; ///< for fairness among repositories
};

/// GitHub's API, typed. Every call waits for its permit, sends, retries what is safe a bounded number of times, tells the RATE
/// LIMITER what came back and throws contents::provider_error for whatever is not the answer. Calls block. One thread at a time.
/// What a sink throws goes through.
class api_session {
public:
  /// The references outlive it.
  api_session(client& transport, tokens& credentials, permits& limiter, caller who);

  /// By name: a renamed one is followed (301) by its numeric id. @param etag of the last answer; empty: unconditional
  api::conditional<api::repository> repository(std::string_view owner, std::string_view name, const std::string& etag = {});
  api::conditional<api::repository> repository(std::int64_t id, const std::string& etag = {});

  /// `ref`: a branch, tag or commit. contents::trouble::gone when there is none; an empty repository (409) is absent without
  /// etag. The etag is the commit's id in quotes, whatever the token: what has not moved is one request of no cost, what has is
  /// two.
  api::conditional<api::commit> commit(std::int64_t repository_id, std::string_view ref, const std::string& etag = {});

  api::tree tree(std::int64_t repository_id, const contents::object_id& id, bool recursive);
  api::comparison compare(std::int64_t repository_id, const contents::object_id& base, const contents::object_id& head);
  api::conditional<api::content_item> contents(std::int64_t repository_id, std::string_view path, std::string_view ref,
                                               const std::string& etag = {});

  /// Streams a blob's bytes (Accept: application/vnd.github.raw), up to 100 MB.
  using bytes_sink = std::function<void(std::string_view)>;
  void blob(std::int64_t repository_id, const contents::object_id& id, const bytes_sink& into);

  /// Streams the archive of a commit: a gzip-compressed tar. The redirect is followed without the token.
  void tarball(std::int64_t repository_id, const contents::object_id& commit, const bytes_sink& into);

  /// Blobs of at most 512,000 bytes of text, at most 100 at a time, in one GraphQL query; in the order of `ids`.
  std::vector<api::blob_text> blobs(std::string_view owner, std::string_view name, std::span<const contents::object_id> ids);

  /// How up to 100 repositories stand, in one GraphQL query; in the order of `of`. Nothing for what is not found by its name.
  std::vector<std::optional<api::repository_head>> heads(std::span<const api::repository_name> of);

  /// All pages; GitHub lists 3,000 at most.
  std::vector<api::changed_file> pull_request_files(std::int64_t repository_id, std::int64_t number);

  std::vector<api::rate> rate_limit();
  api::user user();

  // By the App's JWT (caller::as_app).
  api::app app();
  api::page<api::installation> installations(const std::string& next = {});
  api::installation installation(std::int64_t id);
  /// @param hook empty: the App's hook; else `owner/repo/7`, a repository's
  api::page<api::hook_delivery> deliveries(std::string_view hook, const std::string& next = {});
  void redeliver(std::string_view hook, std::int64_t delivery_id);

  // By an installation's token.
  api::page<api::repository> installation_repositories(const std::string& next = {});

  /// Of all calls so far. `plan` is left to the caller.
  const contents::sync_cost& cost() const noexcept { return cost_; }

private:
  struct order;  ///< one request, with what its permit and its retries need
  struct answer; ///< with what it means
  answer ask(order x);
  answer ask_once(const order& x, const access& by);
  access token();
  [[noreturn]] void fail(const order& x, const answer& got) const;
  template <class Value, class Parser>
  Value ask_value(order x, const Parser& parse);
  template <class Value, class Parser>
  api::conditional<Value> ask_conditional(order x, const Parser& parse);
  template <class Value, class Parser>
  api::page<Value> ask_page(order x, const std::string& next, const Parser& parse);
  void stream(order x, const bytes_sink& into);

  client& transport_;
  tokens& credentials_;
  permits& limiter_;
  caller who_;
  contents::sync_cost cost_;
};

} // namespace ingot::github
