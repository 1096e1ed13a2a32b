#include "net/routes/contents.hpp"

#include "model/contents/tree_entry.hpp"
#include "model/json_object.hpp"
#include "net/bridge.hpp"
#include "net/routes/byte_range.hpp"
#include "net/routes/content_streams.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/site_json.hpp"
#include "net/routes/user_caller.hpp"
#include "storage/content_queries.hpp"
#include "storage/refused_change.hpp"

#include <utility>

namespace ingot::routes {

namespace {

std::string lfs_json(const storage::content_file& x) {
  return x.lfs_oid ? json_object{}.add("oid", *x.lfs_oid).add("size", x.lfs_size).add("stored", x.lfs_content.has_value()).text()
                   : "null";
}

/// Whose repositories a caller may read: an admin any.
std::optional<std::string> reader_of(const user_caller& x) {
  return x.is_admin() ? std::nullopt : std::optional{x.user_id};
}

storage::readable_repository require_readable(storage::connection& db, const user_request& x) {
  const auto& id = x.parameters.front();
  if (const auto found = storage::find_readable(db, id_in_path(id), reader_of(x.caller)))
    return *found;
  throw storage::refused_change{{fault::not_found, "there is no repository " + id, {}}};
}

std::string file_json(const storage::content_file& x) {
  auto out = json_object{};
  out.add("path", x.path).add("sha", x.sha).add("size", x.size);
  out.add("mode", contents::to_string(static_cast<contents::file_mode>(x.mode)));
  out.add_unless_empty("skipped", x.skipped).add_unless_empty("mime_type", x.mime_type);
  out.add_unless_empty("language", x.language.value_or(""));
  if (x.key.empty())
    out.add_raw("is_binary", "null");
  else
    out.add("is_binary", x.is_binary);
  return out.add_raw("lfs", lfs_json(x)).text();
}

/// @param found one more than `limit`, when there are more
std::string files_json(const std::vector<storage::content_file>& found, std::size_t limit, const std::string& commit) {
  auto items = std::vector<std::string>{};
  for (const auto& x : found)
    if (items.size() < limit)
      items.push_back(file_json(x));
  return json_object{}
      .add_unless_empty("commit_sha", commit)
      .add_raw("files", json_array(items))
      .add_raw("next", found.size() > limit ? json_string(found[limit - 1].path) : "null")
      .text();
}

} // namespace

void list_repository_files(const services& what, http::request req, path_parameters repository_id, http::responder done) {
  answer_user_by_reading(
      what, std::move(req), std::move(repository_id), std::move(done), [](storage::connection& db, const user_request& x) {
        const auto repository = require_readable(db, x);
        const auto query = query_parameters{x.request.head.query, {"path", "limit", "after"}};
        const auto limit = static_cast<std::size_t>(query.integer("limit", 1, page_max, page_default));
        const auto found =
            storage::list_files(db, id_in_path(x.parameters.front()), query.text("path"), query.text("after"), limit + 1);
        return json_response(files_json(found, limit, repository.commit_sha));
      });
}

namespace {

storage::content_file find_content(storage::connection& db, const user_request& x) {
  require_readable(db, x);
  const auto path = percent_decoded(x.parameters.at(1));
  auto found = storage::find_file(db, id_in_path(x.parameters.front()), path);
  if (!found)
    throw storage::refused_change{{fault::not_found, "the repository has no file " + path, {}}};
  if (found->key.empty())
    throw storage::refused_change{{fault::not_found,
                                   "the content of " + path + " is not stored: " +
                                       (found->skipped.empty() ? "it was removed a moment ago" : found->skipped),
                                   {}}};
  return *found;
}

/// What is sent of a file: what its LFS pointer names, if that was fetched and the pointer itself is not asked for.
storage::stored_content content_of(const storage::content_file& x, bool pointer) {
  return x.lfs_content && !pointer ? *x.lfs_content : storage::stored_content{x.sha, x.key, x.size, x.mime_type};
}

http::response not_modified(const std::string& tag) {
  auto out = http::response{};
  out.status = 304;
  out.fields = {{"etag", tag}};
  return out;
}

http::response beyond_end(std::uint64_t size, std::string_view request_id) {
  auto out = http::refusal(
      {fault::bad_parameter, "the range lies beyond the file's end", {{"range", "of " + std::to_string(size) + " bytes"}}},
      request_id);
  out.status = 416;
  http::set_field(out, "content-range", "bytes */" + std::to_string(size));
  return out;
}

/// The head of the answer, and the part that it sends.
std::pair<http::response, blob_part> answer_with(const storage::stored_content& file, const std::string& tag,
                                                 const std::optional<byte_range>& range) {
  auto out = http::response{};
  out.content_type = file.mime_type;
  out.fields = {
      {"etag", tag}, {"accept-ranges", "bytes"}, {"x-content-type-options", "nosniff"}, {"cache-control", "private, no-cache"}};
  auto part = blob_part{file.key, file.size, 0, file.size};
  if (range) {
    out.status = 206;
    part.first = range->first;
    part.count = range->count;
    out.fields.emplace_back("content-range", "bytes " + std::to_string(range->first) + '-' +
                                                 std::to_string(range->first + range->count - 1) + '/' +
                                                 std::to_string(file.size));
  }
  return {std::move(out), std::move(part)};
}

/// Nothing of an answer to HEAD is read: it is only counted.
class counted_body final : public http::body_source {
public:
  void next(http::responder) override {}
};

void answer_content(const services& what, const user_request_ptr& x, const storage::stored_content& file) {
  const auto& head = x->request.head;
  const auto tag = '"' + file.sha + '"';
  if (head.has("if-none-match") && names_tag(head["if-none-match"], tag))
    return x->done(not_modified(tag));
  // A part is wanted of what the caller has begun with, and of nothing else.
  const auto same = !head.has("if-range") || head["if-range"] == tag;
  const auto verdict = same && !head.head_only ? judge_range(head["range"], file.size) : range_verdict{};
  if (verdict.unsatisfiable)
    return x->done(beyond_end(file.size, head.request_id));
  auto [answer, part] = answer_with(file, tag, verdict.range);
  if (!head.head_only && part.count > 0)
    return what.streams->send(*what.context->blobs, part, std::move(answer), head.request_id, std::move(x->done));
  answer.source = std::make_shared<counted_body>();
  answer.source_bytes = part.count;
  x->done(std::move(answer));
}

} // namespace

void send_file_content(const services& what, http::request req, path_parameters repository_id_and_path, http::responder done) {
  with_user(what, std::move(req), std::move(repository_id_and_path), std::move(done), [&what](const user_request_ptr& x) {
    bridge::run_query(*what.context,
                      {[&what, x](storage::connection& db) {
                         const auto query = query_parameters{x->request.head.query, {"lfs"}};
                         const auto file = find_content(db, *x);
                         const auto pointer = query.one_of("lfs", {"pointer"}) == "pointer";
                         if (!what.context->blobs)
                           throw storage::refused_change{{fault::not_configured, "this node has no blob store", {}}};
                         answer_content(what, x, content_of(file, pointer));
                       },
                       [x](const failure& why) { x->done(http::refusal(why, x->request.head.request_id)); }});
  });
}

} // namespace ingot::routes
