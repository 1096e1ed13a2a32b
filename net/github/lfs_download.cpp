#include "net/github/lfs_download.hpp"

#include "model/base64.hpp"
#include "model/contents/lfs_batch.hpp"
#include "model/github/api/answer.hpp"

#include <algorithm>
#include <utility>

namespace ingot::github {

namespace {

using contents::lfs_pointer;
using contents::provider_error;
using contents::trouble;

/// Of an answer that names a hundred objects, each with a signed URL.
constexpr std::size_t answer_bytes_max = 4 * 1024 * 1024;

} // namespace

lfs_download::lfs_download(client& transport, tokens& credentials, std::string repository_url, std::int64_t credential_id,
                           contents::urgency how)
    : transport_{transport}, credentials_{credentials}, repository_url_{std::move(repository_url)},
      credential_id_{credential_id}, how_{how} {}

/// LFS servers know no bearer tokens: GitHub takes one as the password of any user.
std::string lfs_download::ask(std::span<const lfs_pointer> of) {
  auto call = http_call{};
  call.method = "POST";
  call.url = repository_url_ + "/info/lfs/objects/batch";
  call.headers = {{"accept", contents::lfs_media_type}, {"content-type", contents::lfs_media_type}};
  if (const auto by = credentials_.of(credential_id_, how_); !by.token.empty())
    call.headers.emplace_back("authorization", "Basic " + to_base64("x-access-token:" + by.token));
  call.body = contents::lfs_question(of);
  call.body_bytes_max = answer_bytes_max;
  call.repeatable = true;
  auto got = transport_.perform(call);
  ++requests_;
  bytes_ += got.bytes;
  const auto verdict = api::judge(got.status, got.headers, got.body, resource::core, credentials_.now());
  if (verdict.problem)
    throw provider_error{*verdict.problem,
                         "the LFS server answered " + std::to_string(got.status) +
                             (verdict.reason.empty() ? "" : ": " + verdict.reason),
                         verdict.retry_at};
  if (got.status != 200)
    throw provider_error{trouble::permanent, "the LFS server answered " + std::to_string(got.status)};
  return std::move(got.body);
}

/// @returns why it could not be had; empty: it is there
std::string lfs_download::get(const std::string& url, const std::vector<std::pair<std::string, std::string>>& headers,
                              const lfs_pointer& x, contents::lfs_sink& into) {
  auto call = http_call{};
  call.url = url;
  call.headers = headers;
  call.headers.emplace_back("accept-encoding", "identity");
  auto left = x.size;
  call.into = [&](std::string_view bytes) {
    if (bytes.size() > left)
      throw provider_error{trouble::transient,
                           "the LFS server gives more than the " + std::to_string(x.size) + " bytes of " + x.oid};
    left -= bytes.size();
    into.write(bytes);
  };
  into.begin(x);
  try {
    const auto got = transport_.perform(call);
    ++requests_;
    bytes_ += got.bytes;
    if (got.status == 200 && into.end())
      return {};
    if (got.status == 200)
      throw provider_error{trouble::transient, "the LFS server gave other bytes than those of " + x.oid};
    if (got.status >= 500 || got.status == 429 || got.status == 408)
      throw provider_error{trouble::transient, "the LFS store answered " + std::to_string(got.status)};
    into.abandon();
    return "the LFS store answered " + std::to_string(got.status);
  } catch (...) {
    into.abandon();
    throw;
  }
}

std::vector<contents::remote::unavailable_object> lfs_download::fetch(std::span<const lfs_pointer> wanted,
                                                                      contents::lfs_sink& into) {
  auto out = std::vector<contents::remote::unavailable_object>{};
  for (auto from = std::size_t{0}; from < wanted.size(); from += contents::lfs_batch_max) {
    const auto batch = wanted.subspan(from, std::min(contents::lfs_batch_max, wanted.size() - from));
    const auto answer = ask(batch);
    const auto offers = contents::parse_lfs_offers(answer, batch);
    if (const auto* why = std::get_if<failure>(&offers))
      throw provider_error{trouble::permanent, "the LFS server's answer is not understood: " + why->message};
    for (const auto& x : std::get<std::vector<contents::lfs_offer>>(offers)) {
      auto problem = x.problem;
      if (problem.empty() && into.granted(x.of))
        problem = get(x.url, x.headers, x.of, into);
      if (!problem.empty())
        out.push_back({x.of, std::move(problem)});
    }
  }
  return out;
}

} // namespace ingot::github
