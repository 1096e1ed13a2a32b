#include "model/contents/sync_order.hpp"
#include "model/crawl/new_source.hpp"
#include "model/github/installation_order.hpp"
#include "model/mcp/check_order.hpp"
#include "model/mcp/manifest_report.hpp"
#include "model/mcp/new_submission.hpp"
#include "model/mcp/submission_notice.hpp"
#include "model/new_repository.hpp"
#include "model/new_site.hpp"
#include "model/nightly/run.hpp"
#include "model/reviewer.hpp"
#include "model/rollup/order.hpp"
#include "tests/fuzz/input.hpp"

#include <array>
#include <chrono>
#include <string>

// Input: a letter that chooses, and a small JSON body: what users and operators ask for, and the payloads of jobs. A payload that
// is read, written and read again says the same; the rest is within its limits.

namespace {

using namespace ingot;
using fuzz::require;

constexpr auto now = timestamp{std::chrono::seconds{1'700'000'000}};

/// Nothing when it was refused, as a refusal must be.
template <class Value>
const Value* taken(const std::variant<Value, failure>& read) {
  if (const auto* refused = std::get_if<failure>(&read))
    fuzz::check_refusal(*refused);
  return std::get_if<Value>(&read);
}

void sync(std::string_view text) {
  const auto read = contents::parse_sync_order(text);
  if (const auto* x = taken(read)) {
    const auto payload = contents::job_of(*x).payload;
    const auto again = contents::parse_sync_order(payload);
    require(taken(again) != nullptr && contents::job_of(std::get<0>(again)).payload == payload && x->repository_id > 0);
  }
}

void check(std::string_view text) {
  const auto read = contents::parse_check_order(text);
  if (const auto* x = taken(read)) {
    const auto again = contents::parse_check_order(contents::check_job_of(*x).payload);
    require(taken(again) != nullptr && std::get<0>(again) == *x);
  }
}

void installation(std::string_view text) {
  const auto read = github::parse_installation_order(text);
  if (const auto* x = taken(read))
    require(x->installation_id > 0);
}

void manifests(std::string_view text) {
  const auto read = mcp::parse_check_order(text);
  if (const auto* x = taken(read)) {
    const auto payload = mcp::job_of(*x).payload;
    const auto again = mcp::parse_check_order(payload);
    require(taken(again) != nullptr && mcp::job_of(std::get<0>(again)).payload == payload);
  }
}

void run(std::string_view text) {
  const auto read = nightly::parse_run_order(text, {});
  if (const auto* x = taken(read))
    require(nightly::are_parts(x->parts) && x->repositories.size() <= nightly::order_repositories_max);
}

void rollup(std::string_view text) {
  const auto read = parse_rollup_order(text, now, 7);
  if (const auto* x = taken(read))
    require(x->days >= 1 && x->days <= rollup_days_max && x->date <= std::chrono::floor<std::chrono::days>(now) &&
            date_text(x->date).size() == 10);
}

void site(std::string_view text) {
  const auto read = parse_new_site(text);
  if (const auto* x = taken(read))
    require(fuzz::is_storable(x->name) && (!x->id || *x->id > 0));
}

void source(std::string_view text) {
  const auto read = crawl::parse_new_source(text);
  if (const auto* x = taken(read))
    require(!x->id.empty() && fuzz::is_storable(x->name));
}

void repository(std::string_view text) {
  const auto rules = contents::repository_rules{.file_bytes_max = 1'000'000, .local_paths = false};
  const auto read = contents::parse_new_repository(text, rules);
  if (const auto* x = taken(read)) {
    require(x->provider == "github" || !contents::judge_git_url(x->url, false));
    require(!x->filter.file_bytes_max || *x->filter.file_bytes_max <= rules.file_bytes_max);
    require(x->branch.empty() || !contents::judge_branch(x->branch));
  }
  taken(contents::parse_repository_change(text, rules));
  taken(contents::parse_sync_request(text));
}

void person(std::string_view text) {
  const auto read = parse_sign_in(text);
  if (const auto* x = taken(read))
    require(x->token.empty() || x->name.empty());
}

void submission(std::string_view text) {
  const auto read = mcp::parse_new_submission(text);
  if (const auto* x = taken(read)) {
    require((x->repository || !x->manifest.empty()) && x->manifest.size() <= mcp::submission_manifest_bytes_max);
    require(x->note.size() <= mcp::submission_note_bytes_max && fuzz::is_storable(x->note) && fuzz::is_storable(x->email));
    if (x->repository)
      require(mcp::parse_repository_page(x->repository->url()) == x->repository);
  }
  taken(mcp::parse_submission_change(text));
  taken(mcp::parse_review_decision(text));
  if (const auto page = mcp::parse_repository_page(text))
    require(mcp::parse_repository_page(page->url()) == page && page->key().find(' ') == std::string::npos);
}

void notice(std::string_view text) {
  if (const auto order = mcp::parse_submission_mail(text)) {
    auto news = mcp::submission_news{};
    news.id = order->submission_id;
    news.action = order->action;
    news.state = order->state;
    news.reason = order->reason;
    const auto again = mcp::parse_submission_mail(mcp::submission_mail(news).payload);
    require(again && again->submission_id == order->submission_id && again->action == order->action &&
            again->state == order->state && again->reason == order->reason);
  }
  if (const auto id = mcp::parse_submission_job(text))
    require(mcp::parse_submission_job(mcp::submission_job(mcp::submission_fetch_kind, *id, 1).payload) == id);
}

void report(std::string_view text) {
  auto x = mcp::manifest_report{}, again = mcp::manifest_report{};
  if (mcp::from_json(text, x))
    require(mcp::from_json(to_json(x), again) && to_json(again) == to_json(x));
}

using reader = void (*)(std::string_view);

constexpr auto readers = std::to_array<reader>({
    sync,         // a
    check,        // b
    installation, // c
    manifests,    // d
    run,          // e
    rollup,       // f
    site,         // g
    source,       // h
    repository,   // i
    person,       // j
    submission,   // k
    notice,       // l
    report,       // m
});

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto in = fuzz::input{data, size};
  const auto which = static_cast<std::size_t>(in.byte()) - 'a';
  if (which < readers.size())
    readers[which](in.rest());
  return 0;
}
