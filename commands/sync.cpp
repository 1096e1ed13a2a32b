#include "commands/sync.hpp"

#include "commands/http_call.hpp"
#include "commands/node_database.hpp"
#include "commands/table.hpp"
#include "config/secrets.hpp"
#include "model/contents/sync_order.hpp"
#include "model/json_object.hpp"
#include "net/routes/repository_json.hpp"
#include "storage/job_queries.hpp"
#include "storage/provider_repositories.hpp"

#include <algorithm>
#include <chrono>
#include <ostream>
#include <thread>

#include <unistd.h>

namespace ingot::commands {

namespace {

/// Between two looks at a sync that is under way.
constexpr auto look_interval = std::chrono::milliseconds{200};

constexpr auto bar_cells = 30;

std::pair<std::string, std::string> owner_and_name(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size() || text.find('/', slash + 1) != std::string::npos)
    throw usage_error{"a repository is named owner/name; not \"" + text + "\""};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

/// Lets the running node follow it: that one has GitHub's permits.
void add_by_node(const settings& of, const sync_options& options, const std::string& owner, const std::string& name) {
  auto complete = of;
  read_kept_secrets(complete, of.data_dir);
  if (complete.admin_token.empty())
    throw std::runtime_error{
        "there is no admin token: set INGOT_ADMIN_TOKEN, or run this where the node's data folder is (INGOT_DATA_DIR)"};
  auto call = call_of_node(complete, "POST",
                           "/api/v1/repositories" + (options.user.empty() ? "" : "?userId=" + path_segment(options.user)));
  call.headers = {{"Authorization", "Bearer " + complete.admin_token}, {"Content-Type", "application/json"}};
  call.body = json_object{}.add("provider", "github").add("owner", owner).add("name", name).text();
  call.timeout = std::chrono::minutes{2};
  const auto answer = perform(call);
  if (answer.status != 201)
    throw std::runtime_error{"the node answered " + std::to_string(answer.status) + ": " + answer.body};
}

storage::followed_repository find_or_add(const settings& of, storage::connection& db, const sync_options& options) {
  const auto [owner, name] = owner_and_name(options.repository);
  auto found = storage::find_repository_named(db, options.user, owner, name);
  if (!found && options.add) {
    add_by_node(of, options, owner, name);
    found = storage::find_repository_named(db, options.user, owner, name);
  }
  if (!found)
    throw std::runtime_error{options.repository + " is not followed" +
                             (options.user.empty() ? " by the node itself" : " by user " + options.user) +
                             ": --add follows it, --user names another user; `ingot repositories list` shows what there is"};
  return *found;
}

bool is_over(const job_record& x) {
  return x.state == "succeeded" || x.state == "failed" || x.state == "dead";
}

/// `[######      ]  1200/4000 contents`
std::string bar_of(const std::optional<storage::content_sync_record>& x) {
  if (!x)
    return "waiting";
  const auto wanted = std::max<std::int64_t>(x->blobs_wanted, 1);
  const auto filled = static_cast<std::size_t>(std::clamp<std::int64_t>(x->blobs_stored * bar_cells / wanted, 0, bar_cells));
  return "[" + std::string(filled, '#') + std::string(bar_cells - filled, ' ') + "] " + std::to_string(x->blobs_stored) + "/" +
         std::to_string(x->blobs_wanted) + " contents";
}

/// Waits for the job's end, with a bar on a terminal.
job_record wait_for(storage::connection& db, std::int64_t job_id, const terminal& to) {
  const auto drawn = !to.json && ::isatty(STDERR_FILENO) == 1;
  for (;;) {
    const auto job = storage::find_job(db, job_id);
    if (!job)
      throw std::runtime_error{"the job " + std::to_string(job_id) + " is gone"};
    if (drawn)
      to.err << "\r\x1b[K" << bar_of(storage::content_sync_of_job(db, job_id)) << (job->state == "pending" ? ", pending" : "")
             << std::flush;
    if (is_over(*job)) {
      if (drawn)
        to.err << "\r\x1b[K";
      return *job;
    }
    std::this_thread::sleep_for(look_interval);
  }
}

int tell(const job_record& job, const std::optional<storage::content_sync_record>& sync, const terminal& to) {
  const auto good = job.state == "succeeded" && (!sync || sync->state == "succeeded");
  if (to.json) {
    auto out = json_object{};
    out.add("jobId", std::to_string(job.id)).add("state", job.state).add_unless_empty("error", job.last_error);
    out.add_raw("result", job.result.empty() ? "null" : job.result);
    to.out << out.add_raw("sync", sync ? routes::to_json(*sync) : "null").text() << '\n';
    return good ? done : failed;
  }
  if (!good)
    to.err << "The sync failed: " << presentable(sync && !sync->error.empty() ? sync->error : job.last_error) << '\n';
  else if (!sync)
    to.out << "Nothing has changed.\n";
  else
    to.out << "At " << sync->commit_sha << ": " << sync->added << " added, " << sync->modified << " modified, " << sync->removed
           << " removed; " << sync->requests << " requests, " << sync->bytes << " bytes" << (sync->complete ? "" : "; incomplete")
           << ".\n";
  return good ? done : failed;
}

} // namespace

int sync_repository(const settings& of, const sync_options& options, timestamp now, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  const auto repository = find_or_add(of, *db, options);
  // What has just been added is being synced already, or was: that job is followed.
  const auto first =
      repository.created_at >= now ? storage::list_jobs(*db, {"", "", contents::job_key_of(repository.id)}, 1, {}) : job_page{};
  const auto job = !first.items.empty() && !options.full
                       ? first.items.front().id
                       : storage::request_sync(*db, options.user, repository.id, options.full, {"command line", now});
  if (options.follow) {
    const auto end = wait_for(*db, job, to);
    return tell(end, storage::content_sync_of_job(*db, job), to);
  }
  if (to.json)
    to.out << json_object{}.add("repositoryId", repository.id).add("jobId", std::to_string(job)).text() << '\n';
  else
    to.out << "Job " << job << " syncs it. What becomes of it: ingot jobs show " << job << '\n';
  return done;
}

int list_repositories(const settings& of, const sync_options& options, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  auto found = storage::list_repositories(*db, options.user, options.after, options.limit + 1);
  if (to.json) {
    to.out << routes::page_json(found, options.limit) << '\n';
    return done;
  }
  if (found.empty()) {
    to.out << "No repositories" << (options.user.empty() ? " of the node's own" : " of that user") << ".\n";
    return done;
  }
  const auto more = found.size() > options.limit;
  if (more)
    found.resize(options.limit);
  auto listing = table{{"ID", "STATE", "BRANCH", "LAST SYNC", "FILES", "BYTES", "REPOSITORY"}, {}};
  for (const auto& x : found)
    listing.rows.push_back({std::to_string(x.id), cell{x.state, x.state == "active" ? colour::good : colour::bad},
                            x.branch.empty() ? x.default_branch : x.branch,
                            x.last_synced_at ? to_rfc3339(*x.last_synced_at) : "-", std::to_string(x.files),
                            std::to_string(x.bytes), x.provider == "git" ? x.url : x.owner + "/" + x.name});
  print(to.out, listing, to.coloured);
  if (more)
    to.out << "\nThere are more: --after " << found.back().id << '\n';
  return done;
}

} // namespace ingot::commands
