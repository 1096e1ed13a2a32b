#include "actors/pull_request_files_job.hpp"

#include "model/json_document.hpp"
#include "model/json_members.hpp"
#include "model/json_object.hpp"
#include "net/github/api.hpp"
#include "storage/pull_request_files.hpp"

#include <algorithm>

namespace ingot {

namespace {

struct files_order {
  std::int64_t repository_id = 0, number = 0, installation_id = 0;
  std::string head_sha;
};

std::variant<files_order, failure> parse_order(std::string_view payload) {
  auto document = json_document{};
  if (auto why = document.parse(payload))
    return std::move(*why);
  auto faults = json_faults{};
  const auto x =
      json_members<"repository_id", "number", "head_sha", "installation_id">{json_child{document.root(), json_place{}, &faults}};
  auto out = files_order{};
  out.repository_id = x.need_positive<"repository_id">();
  out.number = x.need_positive<"number">();
  out.head_sha = x.need_text<"head_sha">();
  out.installation_id = x.integer<"installation_id">().value_or(0);
  if (faults.any())
    return faults.take("an order of a pull request's files");
  return out;
}

/// As readers of pull_requests.files_changed know it.
std::vector<std::string> rows_of(const std::vector<github::api::changed_file>& files) {
  auto out = std::vector<std::string>{};
  auto patches = std::size_t{0};
  for (const auto& x : files) {
    if (out.size() == pull_request_files_max)
      break;
    auto row = json_object{};
    row.add("filename", x.path).add("status", x.status);
    row.add("additions", x.additions).add("deletions", x.deletions).add("changes", x.changes);
    const auto fits = x.patch && patches + x.patch->size() <= patch_bytes_max;
    patches += fits ? x.patch->size() : 0;
    fits ? row.add("patch", *x.patch) : row.add_raw("patch", "null");
    out.push_back(row.text());
  }
  return out;
}

job_outcome done(const char* outcome, std::size_t files, std::uint64_t requests) {
  return job_succeeded{json_object{}.add("outcome", outcome).add("files", files).add("requests", requests).text()};
}

} // namespace

job_outcome fetch_pull_request_files(const claimed_job& job, const node_context& context) {
  const auto parsed = parse_order(job.payload);
  if (const auto* why = std::get_if<failure>(&parsed))
    return job_failed_for_good{"its payload is no order of files: " + why->message};
  const auto& order = std::get<files_order>(parsed);
  const auto db = context.open_connection();
  const auto subject = storage::find_files_subject(*db, order.repository_id, order.number, order.installation_id);
  if (!subject || subject->head_sha != order.head_sha)
    return done("superseded", 0, 0);
  auto api = github::api_session{*context.github,
                                 *context.tokens,
                                 *context.permits,
                                 {subject->credential_id, false, contents::urgency::webhook, subject->full_name}};
  auto files = std::vector<github::api::changed_file>{};
  try {
    files = api.pull_request_files(order.repository_id, order.number);
  } catch (const contents::provider_error& e) {
    if (e.kind() != contents::trouble::gone)
      throw;
    return done("gone", 0, api.cost().requests);
  }
  const auto written =
      storage::store_pull_request_files(*db, job.lease, {order.repository_id, order.number, order.head_sha}, rows_of(files));
  return done(storage::to_string(written), files.size(), api.cost().requests);
}

} // namespace ingot
