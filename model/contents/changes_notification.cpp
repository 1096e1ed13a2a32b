#include "model/contents/changes_notification.hpp"

#include "model/json_object.hpp"

#include <string>

namespace ingot::contents {

new_job changes_notification(std::int64_t repository_id, std::int64_t sync_id, std::string_view commit, std::int64_t added,
                             std::int64_t modified, std::int64_t removed) {
  const auto data = json_object{}
                        .add("repository", repository_id)
                        .add("sync", sync_id)
                        .add("commit", commit)
                        .add("added", added)
                        .add("modified", modified)
                        .add("removed", removed)
                        .text();
  auto out = new_job{};
  out.kind = content_notify_kind;
  out.key = "contents/notify/" + std::to_string(repository_id);
  out.dedupe_key = std::string{content_notify_kind} + ':' + std::to_string(sync_id);
  out.payload = json_object{}.add("type", "contents.changed").add_raw("data", data).text();
  return out;
}

} // namespace ingot::contents
