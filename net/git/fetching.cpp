#include "net/git/fetching.hpp"

#include "net/git/reading.hpp"

#include <array>

namespace ingot::git {

using contents::provider_error;
using contents::trouble;

namespace {

constexpr std::size_t branch_bytes_max = 1'024;
constexpr std::string_view branches = "refs/heads/";

} // namespace

std::string reference_of(const std::string& branch) {
  auto name = std::string{branches} + branch;
  auto valid = 0;
  if (branch.size() > branch_bytes_max || git_reference_name_is_valid(&valid, name.c_str()) != 0 || valid == 0)
    throw provider_error{trouble::permanent, "git allows no branch of that name"};
  return name;
}

fetching::fetching(const std::string& url, git_repository* into, const traffic_rules& rules) : traffic_{rules} {
  if (url.find('@') < url.find('/', url.find("://") + 3))
    throw provider_error{trouble::permanent, "a remote's URL may hold no user name or password"};
  auto which = git_remote_create_options{};
  check(git_remote_create_options_init(&which, GIT_REMOTE_CREATE_OPTIONS_VERSION), "options");
  which.repository = into;
  // No configuration of this machine leads the URL elsewhere; and libgit2 1.5 loses memory whenever it looks for one in vain.
  which.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
  check(git_remote_create_with_opts(remote_.out(), url.c_str(), &which), "a remote");
  auto options = git_remote_connect_options{};
  check(git_remote_connect_options_init(&options, GIT_REMOTE_CONNECT_OPTIONS_VERSION), "options");
  options.callbacks.transport = http_traffic::make_transport;
  options.callbacks.payload = &traffic_;
  options.callbacks.transfer_progress = note_progress;
  run(git_remote_connect_ext(remote_.get(), GIT_DIRECTION_FETCH, &options), "connecting");
}

remote_head fetching::head(const std::string& wanted_branch) {
  const git_remote_head** heads = nullptr;
  auto count = std::size_t{0};
  run(git_remote_ls(&heads, &count, remote_.get()), "listing references");
  auto out = remote_head{};
  out.empty = count == 0;
  out.branch = wanted_branch.empty() ? default_branch() : wanted_branch;
  if (!out.branch)
    return out;
  const auto name = reference_of(*out.branch);
  for (auto i = std::size_t{0}; i < count; ++i)
    if (name == heads[i]->name)
      out.at = to_id(heads[i]->oid);
  return out;
}

void fetching::fetch(const std::string& branch) {
  auto options = git_fetch_options{};
  check(git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION), "options");
  options.callbacks.transport = http_traffic::make_transport;
  options.callbacks.payload = &traffic_;
  options.callbacks.transfer_progress = note_progress;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  options.update_fetchhead = 0;
  auto spec = '+' + reference_of(branch) + ':' + fetched_reference;
  auto specs = std::array<char*, 1>{spec.data()};
  const auto list = git_strarray{specs.data(), 1};
  run(git_remote_download(remote_.get(), &list, &options), "fetching");
  run(git_remote_update_tips(remote_.get(), &options.callbacks, 0, GIT_REMOTE_DOWNLOAD_TAGS_NONE, nullptr), "fetching");
}

std::uint64_t fetching::end() {
  git_remote_disconnect(remote_.get());
  remote_ = {};
  return traffic_.bytes;
}

std::optional<std::string> fetching::default_branch() {
  auto name = git_buf{};
  const auto result = git_remote_default_branch(&name, remote_.get());
  auto text = std::string{name.ptr != nullptr ? name.ptr : "", name.size};
  git_buf_dispose(&name);
  if (result < 0 || !text.starts_with(branches))
    return std::nullopt;
  return text.substr(branches.size());
}

/// libgit2 asks it between the pieces of a pack that it writes down.
int fetching::note_progress(const git_indexer_progress* x, void* self) {
  auto& traffic = *static_cast<http_traffic*>(self);
  if (x->received_bytes <= traffic.rules().pack_bytes_max && std::chrono::steady_clock::now() <= traffic.rules().end)
    return 0;
  traffic.trouble = std::make_exception_ptr(provider_error{trouble::transient, "the fetch takes too long"});
  return GIT_EUSER;
}

/// What a callback has caught says more than libgit2's result.
void fetching::run(int result, const char* what) {
  if (traffic_.trouble)
    std::rethrow_exception(traffic_.trouble);
  check(result, what);
}

} // namespace ingot::git
