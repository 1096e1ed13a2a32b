#pragma once

#include "model/github/event.hpp"
#include "model/github/knowledge.hpp"

#include <cstdint>
#include <string>
#include <string_view>

// How a pipeline's facts are merged and what its row shows of them. Only decide() uses it.

namespace ingot::github {

/// What a build event says, as an entry of `status_build` or `deployment`.
history_entry build_entry(const build_event& said, std::string_view delivery_id);

/// A build entry joins a pipeline; @returns whether `known` changed.
bool merge_build(pipeline_state& known, const history_entry& build);

/// A build entry joins those of its commit; @returns whether `known` changed.
bool merge_build(commit_state& known, const history_entry& build);

/// Another pull request had this commit as its head; @returns whether `known` changed.
bool merge_pull_request(commit_state& known, std::int64_t number);

/// A build names this pull request: until a snapshot of it is known, it also gives commit_sha, author, avatar_url and title.
/// @returns whether it does
bool merge_build_columns(pipeline_state& known, const build_event& said);

/// A snapshot that is the newest of its pull request gives the pipeline's columns, whatever builds said.
void merge_snapshot_columns(pipeline_state& known, const pull_request_snapshot& said, std::int8_t rank);

/// What a pull_request event says of status_pr and status_merge; @returns whether `known` changed.
bool merge_action(pipeline_state& known, std::string_view action, const pull_request_snapshot& said, const history_entry& about);

/// What a review says of status_approval; @returns whether `known` changed.
bool merge_review(pipeline_state& known, const review_event& said, const history_entry& about);

/// Rank of a review among those of the same time; see decide().
std::int8_t review_rank(std::string_view state) noexcept;

/// The four statuses as readers see them.
struct pipeline_statuses {
  std::string pr = "pending", build = "pending", approval = "pending", merge = "pending";
};

/// @param pull_request its state; one that does not exist when only builds are known
pipeline_statuses statuses_of(const pipeline_state& known, const pull_request_state& pull_request);

} // namespace ingot::github
