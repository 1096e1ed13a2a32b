#include "actors/content_sync.hpp"

#include "actors/content_intake.hpp"
#include "actors/lfs_intake.hpp"
#include "model/contents/blob_store.hpp"
#include "model/contents/glob.hpp"
#include "model/contents/provider.hpp"
#include "model/contents/sync_order.hpp"
#include "model/contents/tree_hash.hpp"
#include "model/digest.hpp"
#include "model/json_object.hpp"
#include "model/json_text.hpp"
#include "model/mcp/manifest_places.hpp"
#include "model/word_list.hpp"
#include "storage/content_store.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

namespace ingot {

namespace {

using contents::observation;
using contents::provider_error;
using contents::trouble;

constexpr std::size_t listed_at_once = 4'000;

/// How often contents that the sweep took in between are fetched again.
constexpr auto tries_max = 3;

/// From this attempt on a listing is believed that does not make the tree's id.
constexpr auto unproven_attempt = 4;

constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// When the fallback looks at it again: the interval, of which chance takes or adds a tenth, so that many are spread over it.
milliseconds next_check(const node_context& context) {
  const auto interval = context.config.contents.fallback_interval;
  const auto base = interval.count() > 0 ? interval : milliseconds{std::chrono::hours{24}};
  return milliseconds{static_cast<std::int64_t>(static_cast<double>(base.count()) * (0.9 + 0.2 * context.chance()))};
}

/// What the stored files were chosen by: another value lists them anew.
std::uint64_t filters_of(const storage::sync_subject& x, std::uint64_t file_bytes_max) {
  auto out = digest{};
  for (const auto* list : {&x.include, &x.exclude}) {
    out << static_cast<std::uint64_t>(list->size());
    for (const auto& pattern : *list)
      out << std::string_view{pattern};
  }
  out << file_bytes_max << x.skip_binary << x.fetch_lfs;
  return out.value() >> 1; // fits bigint
}

/// Makes a path storable: what is no UTF-8 becomes U+FFFD. @returns whether it was
bool is_storable(std::string& path) {
  auto fine = path.find(replacement) == std::string::npos;
  for (auto bad = find_bad_utf8(path); bad != std::string_view::npos; bad = find_bad_utf8(path)) {
    path.replace(bad, 1, replacement);
    fine = false;
  }
  return fine;
}

/// One attempt at one repository.
class sync_run {
public:
  sync_run(const claimed_job& job, const node_context& context, storage::content_store& store, storage::sync_subject&& subject,
           contents::sync_order&& order)
      : job_{job}, context_{context}, store_{store}, subject_{std::move(subject)}, order_{std::move(order)},
        file_bytes_max_{subject_.file_bytes_max.value_or(context.config.contents.file_bytes_max)},
        filters_{filters_of(subject_, file_bytes_max_)}, wanted_paths_{subject_.include, subject_.exclude},
        manifests_{mcp::manifest_places{subject_.manifest_places.empty() ? words_in(context.config.mcp.manifest_paths)
                                                                         : subject_.manifest_places}} {}

  job_outcome run();

private:
  job_outcome work();
  observation look();
  bool trusts_push() const;
  job_outcome sync(observation&& seen);
  void list(const contents::revision& at);
  void take(contents::tree_entry&& x);
  void fetch(const contents::revision& at);
  std::size_t fetch_objects();
  job_outcome failed(const provider_error& e);
  void note_broken_off(const std::string& why) noexcept;
  const contents::sync_cost& cost() const { return remote_->cost(); }
  std::optional<timestamp> push_time() const { return order_.push ? order_.push->at : std::nullopt; }
  std::string branch() const { return subject_.where.branch.empty() ? subject_.default_branch : subject_.where.branch; }

  const claimed_job& job_;
  const node_context& context_;
  storage::content_store& store_;
  storage::sync_subject subject_;
  contents::sync_order order_;
  std::uint64_t file_bytes_max_, filters_;
  contents::path_filter wanted_paths_;
  mcp::manifest_listing manifests_;
  std::unique_ptr<contents::remote> remote_;
  std::int64_t sync_id_ = 0;

  std::vector<storage::listed_file> listed_; ///< not yet in the store
  std::size_t files_ = 0;
  std::uint64_t total_bytes_ = 0;
  contents::tree_hash hash_;
  bool in_order_ = true, verifiable_ = true;
  std::set<std::string> replaced_paths_;
  std::uint64_t blobs_wanted_ = 0, blobs_stored_ = 0;
};

/// In order, a push says it all. One that came late, or before an older one, says nothing of where the branch is now.
bool sync_run::trusts_push() const {
  if (!order_.push || !subject_.known.synced || subject_.filters != filters_ || !subject_.complete || order_.full)
    return false;
  const auto& push = *order_.push;
  // A second attempt asks: what the push said may not have been there. One that GitHub made before another that we have seen says
  // nothing of now, even when it fits.
  if (job_.attempt > 1 || subject_.state != "active" || (subject_.last_push && (!push.at || *push.at <= *subject_.last_push)))
    return false;
  return push.branch == subject_.known.synced->branch && push.branch == branch() && push.after && push.tree &&
         push.before == subject_.known.synced->commit && !store_.has_newer_order(job_.lease);
}

observation sync_run::look() {
  auto known = subject_.known;
  if (order_.push && known.synced && order_.push->after == known.synced->commit && order_.push->branch == known.synced->branch &&
      subject_.filters == filters_ && subject_.complete && !order_.full)
    return {observation::head::unchanged, *known.synced, known.etag, {}};
  if (trusts_push()) {
    auto to = remote_->resolve(order_.push->after, order_.push->tree);
    to.branch = order_.push->branch;
    return {observation::head::moved, std::move(to), {}, {}};
  }
  const auto anew = order_.full || subject_.filters != filters_ || !subject_.complete;
  if (anew)
    known.etag.clear();
  // Of one that was gone or forbidden everything is asked anew, whether it is private above all.
  const auto doubted = subject_.state != "active";
  auto seen = remote_->observe(doubted ? contents::known_state{} : known);
  if (doubted && seen.state == observation::head::moved && known.synced && seen.at.commit == known.synced->commit) {
    seen.state = observation::head::unchanged;
    seen.at = *known.synced;
  }
  // The node's own token is not lent to users.
  if (seen.what && seen.what->is_private && subject_.where.credential_id == 0 && !subject_.user_id.empty())
    throw provider_error{trouble::forbidden, "it is private, and its user has given no credential for it"};
  if (anew && seen.state == observation::head::unchanged)
    seen.state = observation::head::moved; // to where it is, but listed anew
  if (seen.state == observation::head::moved && !seen.at.tree)
    seen.at.tree = remote_->resolve(seen.at.commit, {}).tree;
  return seen;
}

void sync_run::take(contents::tree_entry&& x) {
  if (++files_ > context_.config.contents.files_max)
    throw provider_error{trouble::permanent, "it has more than " + std::to_string(context_.config.contents.files_max) +
                                                 " files (contents.files_max)"};
  in_order_ = hash_.add(x) && in_order_;
  if (!is_storable(x.path)) {
    verifiable_ = false; // GitHub has replaced bytes, too
    if (!replaced_paths_.insert(x.path).second)
      return;
  }
  total_bytes_ += x.size;
  if (x.mode == contents::file_mode::regular || x.mode == contents::file_mode::executable)
    manifests_.add(x.path, x.id);
  if (!wanted_paths_.takes(x.path))
    return;
  auto why = storage::skipped_reason::none;
  if (x.mode == contents::file_mode::submodule)
    why = storage::skipped_reason::submodule;
  else if (x.size > file_bytes_max_)
    why = storage::skipped_reason::too_large;
  listed_.push_back({std::move(x), why});
  if (listed_.size() == listed_at_once) {
    store_.list(listed_);
    listed_.clear();
  }
}

void sync_run::list(const contents::revision& at) {
  store_.list_anew();
  if (at.commit)
    remote_->list(at, [this](contents::tree_entry&& x) { take(std::move(x)); });
  if (!listed_.empty())
    store_.list(listed_);
  listed_.clear();
  // The listing is the tree, and nothing but the tree: proven, not believed.
  if (!verifiable_ || (in_order_ && (!at.commit || hash_.finish() == at.tree)))
    return;
  // Old repositories hold modes that no listing shows as they are: with them every attempt ends here.
  if (job_.attempt < unproven_attempt)
    throw provider_error{trouble::transient, "the list of files is not that of tree " + at.tree.hex()};
  log::warn("the list of files cannot be proven to be the tree", {{"repository", subject_.id}, {"commit", at.commit.hex()}});
}

void sync_run::fetch(const contents::revision& at) {
  const auto wanted = store_.missing_blobs(subject_.id, subject_.skip_binary);
  if (wanted.empty())
    return;
  blobs_wanted_ += wanted.size();
  const auto before = blobs_stored_;
  auto intake = content_intake{*context_.blobs, store_, store_.next_blob_key(), subject_.skip_binary, [&](std::uint64_t taken) {
                                 blobs_stored_ = before + taken;
                                 store_.note_progress(sync_id_, cost(), blobs_wanted_, blobs_stored_);
                                 if (context_.draining)
                                   throw provider_error{trouble::transient, "the node stops"};
                               }};
  store_.note_progress(sync_id_, cost(), blobs_wanted_, blobs_stored_);
  auto left = std::vector<contents::remote::unavailable>{};
  try {
    left = remote_->fetch(at, wanted, total_bytes_, intake);
  } catch (const provider_error&) {
    intake.settle(); // the next attempt goes on from here
    throw;
  }
  intake.settle();
  store_.skip(intake.binary(), storage::skipped_reason::binary);
  auto ids = std::vector<contents::object_id>{};
  for (const auto& x : left) {
    ids.push_back(x.what.id);
    log::warn("a file's content cannot be had", {{"repository", subject_.id}, {"path", x.what.path}, {"reason", x.reason}});
  }
  store_.skip(ids, storage::skipped_reason::unavailable);
}

/// What LFS pointers name. @returns how many could not be had
std::size_t sync_run::fetch_objects() {
  if (!subject_.fetch_lfs)
    return 0;
  const auto wanted = store_.missing_objects(subject_.id, file_bytes_max_);
  if (wanted.empty())
    return 0;
  auto pointers = std::vector<contents::lfs_pointer>{};
  for (const auto& x : wanted)
    pointers.push_back(x.of);
  auto intake = lfs_intake{*context_.blobs, store_, wanted, store_.next_blob_key(), [this] {
                             store_.note_progress(sync_id_, cost(), blobs_wanted_, blobs_stored_);
                             if (context_.draining)
                               throw provider_error{trouble::transient, "the node stops"};
                           }};
  const auto left = remote_->fetch_lfs(pointers, intake);
  intake.settle();
  for (const auto& x : left)
    log::warn("an LFS object cannot be had", {{"repository", subject_.id}, {"oid", x.what.oid}, {"reason", x.reason}});
  return left.size();
}

job_outcome sync_run::sync(observation&& seen) {
  if (seen.state == observation::head::empty)
    seen.at = {{}, {}, branch()};
  sync_id_ = store_.begin(subject_, job_.lease, order_.how, seen.at);
  list(seen.at);
  auto result = storage::sync_result{
      seen.at, seen.etag, seen.what, {}, filters_, next_check(context_), !context_.config.contents.changes_url.empty()};
  if (subject_.manifests)
    result.manifests = manifests_.digest();
  result.manifests_anew = order_.full;
  result.how = order_.how;
  for (auto tries = 0; tries < tries_max; ++tries) {
    fetch(seen.at);
    result.objects_unavailable = fetch_objects();
    result.cost = cost();
    const auto counts = store_.apply(subject_, sync_id_, job_.lease, result);
    if (counts.blobs_missing > 0)
      continue;
    remote_->mark_synced(seen.at);
    log::info("repository synced", {{"repository", subject_.id},
                                    {"commit", seen.at.commit.hex()},
                                    {"plan", result.cost.plan},
                                    {"requests", static_cast<std::int64_t>(result.cost.requests)},
                                    {"added", counts.added},
                                    {"modified", counts.modified},
                                    {"removed", counts.removed}});
    return job_completed_already{};
  }
  return job_failed_for_now{"contents vanished while they were referred to"};
}

job_outcome sync_run::work() {
  auto seen = look();
  switch (seen.state) {
  case observation::head::unchanged:
    store_.note_current(job_.lease, {subject_.id, subject_.known.synced, seen.etag, seen.what, push_time()},
                        next_check(context_));
    return job_completed_already{};
  case observation::head::absent: {
    // What was stored last stays: a branch that was deleted by mistake comes back by a push.
    const auto why = "it has no branch " + branch();
    store_.note_failure(subject_.id, 0, why, cost(), {});
    return job_succeeded{json_object{}.add("outcome", "no_branch").add("reason", why).text()};
  }
  case observation::head::empty:
  case observation::head::moved:
    return sync(std::move(seen));
  }
  throw std::logic_error{"an observation of no kind"};
}

job_outcome sync_run::failed(const provider_error& e) {
  store_.note_failure(subject_.id, sync_id_, e.what(), cost(), e.retry_at());
  log::warn("repository not synced",
            {{"repository", subject_.id}, {"kind", contents::to_string(e.kind())}, {"reason", e.what()}});
  switch (e.kind()) {
  case trouble::rate_limited: {
    const auto pause = e.retry_at() ? std::chrono::ceil<milliseconds>(*e.retry_at() - context_.now()) : milliseconds{60'000};
    return job_put_off{pause, e.what()};
  }
  case trouble::gone:
  case trouble::forbidden:
    if (sync_id_ != 0) // of a part of it: the next attempt finds out about the whole
      return job_failed_for_now{e.what()};
    store_.set_state(subject_.id, contents::to_string(e.kind()), e.what());
    return job_succeeded{json_object{}.add("outcome", contents::to_string(e.kind())).add("reason", e.what()).text()};
  case trouble::permanent:
    return job_failed_for_good{e.what()};
  case trouble::transient:
    break;
  }
  if (context_.draining)
    return job_put_off{milliseconds{0}, "the node stops"};
  return job_failed_for_now{e.what()};
}

job_outcome sync_run::run() {
  const auto found = context_.providers.find(subject_.where.provider);
  if (found == context_.providers.end())
    return job_failed_for_good{"this node has no provider " + subject_.where.provider};
  remote_ = found->second->open(subject_.where, order_.how);
  try {
    return work();
  } catch (const provider_error& e) {
    return failed(e);
  } catch (const contents::blob_store_error& e) {
    return failed(provider_error{trouble::transient, e.what()});
  } catch (const storage::store_error& e) {
    note_broken_off(e.what());
    throw;
  }
}

/// As well as it goes: what broke may be the way to the database.
void sync_run::note_broken_off(const std::string& why) noexcept {
  try {
    store_.note_failure(subject_.id, sync_id_, why, cost(), {});
  } catch (const std::exception& e) {
    log::warn("a failed sync is not noted", {{"repository", subject_.id}, {"reason", storage::describe(e)}});
  }
}

/// What a failure of the database means for a job.
job_outcome outcome_of(const storage::store_error& e) {
  return e.remedy() == storage::sql_remedy::refused ? job_outcome{job_failed_for_good{e.what()}}
                                                    : job_outcome{job_failed_for_now{e.what()}};
}

/// One batch of repositories that are due.
class check_run {
public:
  check_run(const node_context& context, storage::content_store& store) : context_{context}, store_{store} {}

  job_outcome run(const std::vector<std::int64_t>& repositories) {
    for (const auto id : repositories)
      look_at(id);
    store_.note_current(current_, next_check(context_));
    if (!moved_.empty())
      store_.enqueue(moved_);
    return job_succeeded{json_object{}
                             .add("unchanged", current_.size())
                             .add("moved", moved_.size())
                             .add("failed", failed_)
                             .add("requests", requests_)
                             .text()};
  }

private:
  void look_at(std::int64_t id) {
    const auto subject = store_.load(id);
    const auto found = subject ? context_.providers.find(subject->where.provider) : context_.providers.end();
    if (found == context_.providers.end() || subject->state == "removed" || subject->state == "suspended")
      return;
    // One credential's limit holds up nobody else's repositories; its own are looked at again when their pauses are over.
    if (const auto limited = limited_.find(subject->where.credential_id); limited != limited_.end())
      return store_.note_failure(id, 0, "its credential is limited", {}, limited->second);
    const auto remote = found->second->open(subject->where, contents::urgency::fallback);
    try {
      auto seen = remote->observe(subject->known);
      requests_ += remote->cost().requests;
      if (seen.state == observation::head::unchanged && subject->complete && subject->state == "active")
        current_.push_back({id, subject->known.synced, seen.etag, seen.what, {}});
      else
        moved_.push_back({id, contents::urgency::fallback, false, {}});
    } catch (const provider_error& e) {
      ++failed_;
      store_.note_failure(id, 0, e.what(), remote->cost(), e.retry_at());
      if (e.kind() == trouble::rate_limited)
        limited_.emplace(subject->where.credential_id, e.retry_at());
      if (e.kind() == trouble::gone || e.kind() == trouble::forbidden)
        store_.set_state(id, contents::to_string(e.kind()), e.what());
    }
  }

  const node_context& context_;
  storage::content_store& store_;
  std::vector<storage::check_result> current_;
  std::vector<contents::sync_order> moved_;
  std::map<std::int64_t, std::optional<timestamp>> limited_; ///< credentials, and until when
  std::uint64_t failed_ = 0, requests_ = 0;
};

} // namespace

job_outcome sync_contents(const claimed_job& job, const node_context& context) {
  auto order = contents::parse_sync_order(job.payload);
  if (const auto* why = std::get_if<failure>(&order))
    return job_failed_for_good{"its payload is no order of a sync: " + why->message};
  try {
    const auto store = context.open_content_store();
    store->work_for(job.lease);
    auto subject = store->load(std::get<contents::sync_order>(order).repository_id);
    if (!subject || subject->state == "removed" || subject->state == "suspended")
      return job_succeeded{json_object{}.add("outcome", "not_followed").text()};
    return sync_run{job, context, *store, std::move(*subject), std::move(std::get<contents::sync_order>(order))}.run();
  } catch (const storage::store_error& e) {
    return outcome_of(e);
  } catch (const std::exception& e) {
    return job_failed_for_now{storage::describe(e)};
  }
}

job_outcome check_contents(const claimed_job& job, const node_context& context) {
  const auto order = contents::parse_check_order(job.payload);
  if (const auto* why = std::get_if<failure>(&order))
    return job_failed_for_good{"its payload is no order of a check: " + why->message};
  try {
    const auto store = context.open_content_store();
    store->work_for(job.lease);
    return check_run{context, *store}.run(std::get<std::vector<std::int64_t>>(order));
  } catch (const storage::store_error& e) {
    return outcome_of(e);
  } catch (const std::exception& e) {
    return job_failed_for_now{storage::describe(e)};
  }
}

} // namespace ingot
