#include "net/github/content_provider.hpp"

#include "model/contents/plan.hpp"
#include "net/github/api.hpp"
#include "net/github/archive_reader.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace ingot::github {

namespace {

using contents::object_id;
using contents::provider_error;
using contents::trouble;
using contents::wanted_blob;

/// Folders within folders of a tree that GitHub cuts.
constexpr auto depth_max = 200u;

/// A session for one repository.
class github_remote final : public contents::remote {
public:
  github_remote(contents::place where, contents::urgency how, const settings& config, std::shared_ptr<client> transport,
                std::shared_ptr<tokens> credentials, std::shared_ptr<permits> limiter)
      : where_{std::move(where)}, transport_{std::move(transport)}, credentials_{std::move(credentials)},
        limiter_{std::move(limiter)}, api_{*transport_, *credentials_, *limiter_,
                                           caller{where_.credential_id, false, how, where_.owner + '/' + where_.name}},
        prices_{config.contents.request_bytes, where_.credential_id != 0 || !config.github_api.token.empty()} {}

  contents::observation observe(const contents::known_state& known) override;
  contents::revision resolve(const object_id& commit, const object_id& tree_if_known) override;
  void list(const contents::revision& at, const entry_sink& into) override;
  std::vector<unavailable> fetch(const contents::revision& at, std::span<const wanted_blob> wanted, std::uint64_t total,
                                 contents::blob_sink& into) override;
  void mark_synced(const contents::revision&) override {}

  const contents::sync_cost& cost() const override {
    if (!archive_passes_) // another thread uses the session then
      cost_ = api_.cost();
    cost_.plan = plan_;
    return cost_;
  }

private:
  using indices = std::vector<std::size_t>;

  void took(std::string_view step) {
    if (plan_.size() < step.size() || !plan_.ends_with(step))
      (plan_ += plan_.empty() ? "" : " ") += step;
  }
  std::int64_t id();
  void describe(api::repository&& x);
  contents::observation of_absent_head();
  void list_tree(const object_id& id, const std::string& folder, bool recursive, unsigned depth, const entry_sink& into);
  indices fetch_archive(const object_id& commit, std::span<const wanted_blob> wanted, contents::blob_sink& into);
  void fetch_batch(std::span<const wanted_blob> wanted, const indices& batch, indices& left, contents::blob_sink& into);
  std::optional<std::string> fetch_single(const wanted_blob& x, contents::blob_sink& into);

  contents::place where_;
  std::shared_ptr<client> transport_;
  std::shared_ptr<tokens> credentials_;
  std::shared_ptr<permits> limiter_;
  api_session api_;
  contents::prices prices_;
  std::optional<contents::description> what_;
  std::string plan_;
  mutable contents::sync_cost cost_;
  bool archive_passes_ = false;
};

/// GitHub's numeric id, which outlives renames.
std::int64_t github_remote::id() {
  if (where_.external_id == 0)
    describe(std::move(*api_.repository(where_.owner, where_.name).value));
  return where_.external_id;
}

void github_remote::describe(api::repository&& x) {
  where_.external_id = x.id;
  where_.owner = x.owner;
  where_.name = x.name;
  what_ = contents::description{x.id, x.owner, x.name, x.default_branch, x.is_private, x.archived};
}

/// 404 for the head: of the branch, or of the repository?
contents::observation github_remote::of_absent_head() {
  describe(std::move(*api_.repository(where_.external_id).value));
  auto out = contents::observation{};
  out.state = contents::observation::head::absent;
  out.what = what_;
  return out;
}

contents::observation github_remote::observe(const contents::known_state& known) {
  using head = contents::observation::head;
  auto out = contents::observation{};
  id();
  // HEAD is the default branch, whatever that is by now.
  const auto ref = where_.branch.empty() ? std::string{"HEAD"} : "heads/" + where_.branch;
  auto found = api::conditional<api::commit>{};
  try {
    // GitHub compares a commit's id as if it were an ETag, whatever token asks (REST: "Get a commit").
    found = api_.commit(where_.external_id, ref, known.synced ? '"' + known.synced->commit.hex() + '"' : std::string{});
  } catch (const provider_error& e) {
    if (e.kind() != trouble::gone)
      throw;
    return of_absent_head();
  }
  out.etag = found.etag;
  if (!found.value && !found.etag.empty()) {
    out.at = *known.synced;
    out.what = what_;
    return out;
  }
  if (found.value && known.synced && known.synced->commit == found.value->id && known.synced->tree == found.value->tree)
    out.at = *known.synced;
  else if (!what_)
    describe(std::move(*api_.repository(where_.external_id).value)); // a move may be one to another default branch
  out.what = what_;
  if (!found.value) {
    out.state = head::empty;
    return out;
  }
  const auto branch = !where_.branch.empty() ? where_.branch : what_ ? what_->default_branch : out.at.branch;
  out.state = out.at.commit ? head::unchanged : head::moved;
  out.at = {found.value->id, found.value->tree, branch};
  return out;
}

contents::revision github_remote::resolve(const object_id& commit, const object_id& tree_if_known) {
  if (tree_if_known)
    return {commit, tree_if_known, where_.branch};
  const auto found = api_.commit(id(), commit.hex());
  if (!found.value)
    throw provider_error{trouble::gone, "there is no commit " + commit.hex()};
  return {found.value->id, found.value->tree, where_.branch};
}

void github_remote::list_tree(const object_id& tree_id, const std::string& folder, bool recursive, unsigned depth,
                              const entry_sink& into) {
  if (depth > depth_max)
    throw provider_error{trouble::permanent, "folders are nested more than " + std::to_string(depth_max) + " deep: " + folder};
  auto tree = api_.tree(id(), tree_id, recursive);
  if (tree.truncated && recursive)
    return list_tree(tree_id, folder, false, depth, into); // its folders one by one
  if (tree.truncated)
    throw provider_error{trouble::permanent, "GitHub cuts the list of the folder `" + folder + "`: it has too many files"};
  // As git sorts them, a folder as if its name ended in a slash.
  const auto key = [](const api::tree_item& x) { return x.is_tree ? x.entry.path + '/' : x.entry.path; };
  const auto sorted_before = [&](const auto& a, const auto& b) { return key(a) < key(b); };
  if (!std::is_sorted(tree.items.begin(), tree.items.end(), sorted_before))
    std::sort(tree.items.begin(), tree.items.end(), sorted_before);
  for (auto& x : tree.items) {
    auto path = folder.empty() ? std::move(x.entry.path) : folder + '/' + x.entry.path;
    if (!x.is_tree) {
      x.entry.path = std::move(path);
      into(std::move(x.entry));
    } else if (!recursive) {
      list_tree(x.entry.id, path, true, depth + 1, into);
    }
  }
}

void github_remote::list(const contents::revision& at, const entry_sink& into) {
  took("tree");
  list_tree(at.tree, {}, true, 0, into);
}

/// @returns what the archive did not bring: files that are left out of archives (export-ignore) or changed in them (export-subst)
github_remote::indices github_remote::fetch_archive(const object_id& commit, std::span<const wanted_blob> wanted,
                                                    contents::blob_sink& into) {
  took("tarball");
  auto by_path = std::unordered_map<std::string_view, std::size_t>{};
  by_path.reserve(wanted.size());
  for (auto i = std::size_t{0}; i < wanted.size(); ++i)
    by_path.emplace(wanted[i].path, i);
  auto got = std::vector<bool>(wanted.size());
  auto current = std::size_t{0};
  auto sink = archive_sink{};
  sink.wants = [&](const archived_file& x) {
    const auto at = by_path.find(x.path);
    if (at == by_path.end() || got[at->second])
      return false;
    current = at->second;
    into.begin(wanted[current], x.size);
    return true;
  };
  sink.bytes = [&](std::string_view bytes) { into.write(bytes); };
  sink.done = [&] { got[current] = into.end(); };
  cost();
  archive_passes_ = true;
  try {
    read_archive([&](const auto& give) { api_.tarball(where_.external_id, commit, give); }, sink);
  } catch (...) {
    archive_passes_ = false;
    into.abandon();
    throw;
  }
  archive_passes_ = false;
  auto left = indices{};
  for (auto i = std::size_t{0}; i < wanted.size(); ++i)
    if (!got[i])
      left.push_back(i);
  return left;
}

void github_remote::fetch_batch(std::span<const wanted_blob> wanted, const indices& batch, indices& left,
                                contents::blob_sink& into) {
  auto ids = std::vector<object_id>{};
  for (const auto i : batch)
    ids.push_back(wanted[i].id);
  const auto texts = api_.blobs(where_.owner, where_.name, ids);
  for (auto i = std::size_t{0}; i < batch.size(); ++i) {
    const auto* text = i < texts.size() && texts[i].text && !texts[i].is_truncated ? &*texts[i].text : nullptr;
    auto kept = false;
    if (text != nullptr) {
      into.begin(wanted[batch[i]], text->size());
      into.write(*text);
      kept = into.end(); // text that is no UTF-8 comes changed
    }
    if (!kept)
      left.push_back(batch[i]);
  }
}

/// @returns why it could not be had
std::optional<std::string> github_remote::fetch_single(const wanted_blob& x, contents::blob_sink& into) {
  if (x.size > contents::rest_blob_max)
    return "GitHub gives no file of over 100 MB";
  try {
    into.begin(x, x.size);
    api_.blob(where_.external_id, x.id, [&](std::string_view bytes) { into.write(bytes); });
  } catch (const provider_error& e) {
    into.abandon();
    if (e.kind() == trouble::gone || e.kind() == trouble::permanent)
      return e.what();
    throw;
  } catch (...) {
    into.abandon();
    throw;
  }
  if (!into.end())
    throw provider_error{trouble::transient, "GitHub gave other bytes than those of blob " + x.id.hex()};
  return std::nullopt;
}

std::vector<github_remote::unavailable> github_remote::fetch(const contents::revision& at, std::span<const wanted_blob> wanted,
                                                             std::uint64_t total, contents::blob_sink& into) {
  id();
  auto plan = contents::plan_fetch(wanted, total, prices_);
  auto rest = std::vector<wanted_blob>{};
  if (plan.archive) {
    for (const auto i : fetch_archive(at.commit, wanted, into))
      rest.push_back(wanted[i]);
    wanted = rest;
    plan = contents::plan_fetch(wanted, contents::no_archive, prices_);
  }
  auto singles = plan.singles;
  if (!plan.batches.empty())
    took("graphql");
  for (const auto& batch : plan.batches)
    try {
      fetch_batch(wanted, batch, singles, into);
    } catch (const provider_error& e) {
      if (e.kind() != trouble::permanent && e.kind() != trouble::forbidden && e.kind() != trouble::gone)
        throw;
      singles.insert(singles.end(), batch.begin(), batch.end()); // a server without GraphQL
    }
  if (!singles.empty())
    took("blobs");
  auto out = std::vector<unavailable>{};
  for (const auto i : singles)
    if (auto why = fetch_single(wanted[i], into))
      out.push_back({wanted[i], std::move(*why)});
  return out;
}

class github_provider final : public contents::provider {
public:
  github_provider(const settings& config, std::shared_ptr<client> transport, std::shared_ptr<tokens> credentials,
                  std::shared_ptr<permits> limiter)
      : config_{config}, transport_{std::move(transport)}, credentials_{std::move(credentials)}, limiter_{std::move(limiter)} {}

  std::unique_ptr<contents::remote> open(const contents::place& where, contents::urgency how) override {
    return std::make_unique<github_remote>(where, how, config_, transport_, credentials_, limiter_);
  }

  std::size_t glance_max() const override { return 100; }

  contents::glimpses glance(std::span<const contents::place> places, contents::urgency how) override;

private:
  settings config_;
  std::shared_ptr<client> transport_;
  std::shared_ptr<tokens> credentials_;
  std::shared_ptr<permits> limiter_;
};

/// By GraphQL, which nobody may ask without a token. What has another id than ours, or is not found by its name, is left to a
/// look by its id.
contents::glimpses github_provider::glance(std::span<const contents::place> places, contents::urgency how) {
  auto out = contents::glimpses{std::vector<std::optional<contents::glimpse>>(places.size()), {}};
  if (places.empty() || (places.front().credential_id == 0 && config_.github_api.token.empty()))
    return out;
  auto names = std::vector<api::repository_name>{};
  for (const auto& x : places)
    names.push_back({x.owner, x.name, x.branch});
  auto session = api_session{*transport_, *credentials_, *limiter_, caller{places.front().credential_id, false, how, "many"}};
  const auto found = session.heads(names);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!found[i] || found[i]->of.id != places[i].external_id)
      continue;
    const auto& x = found[i]->of;
    const auto own_branch = !places[i].branch.empty();
    out.found[i] = contents::glimpse{{x.id, x.owner, x.name, x.default_branch, x.is_private, x.archived},
                                     own_branch ? found[i]->branch_head : found[i]->default_head,
                                     own_branch ? places[i].branch : x.default_branch};
  }
  out.cost = session.cost();
  return out;
}

} // namespace

std::shared_ptr<contents::provider> content_provider(const settings& config, std::shared_ptr<client> transport,
                                                     std::shared_ptr<tokens> credentials, std::shared_ptr<permits> limiter) {
  return std::make_shared<github_provider>(config, std::move(transport), std::move(credentials), std::move(limiter));
}

} // namespace ingot::github
