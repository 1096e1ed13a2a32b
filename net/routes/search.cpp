#include "net/routes/search.hpp"

#include "model/json_object.hpp"
#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/query_parameters.hpp"
#include "storage/refused_change.hpp"
#include "storage/search_queries.hpp"

#include <charconv>
#include <optional>
#include <string_view>

namespace ingot::routes {

namespace {

constexpr std::int64_t hits_default = 20;
constexpr std::int64_t hits_max = 100;
constexpr std::size_t words_bytes_max = 500;

storage::refused_change bad_parameter(const char* name, std::string expected) {
  return storage::refused_change{
      {fault::bad_parameter, std::string{"the parameter "} + name + " takes " + expected, {{name, std::move(expected)}}}};
}

std::string words_of(const query_parameters& query) {
  auto words = query.text("q");
  if (words.empty() || words.size() > words_bytes_max)
    throw bad_parameter("q", "1 to " + std::to_string(words_bytes_max) + " bytes of words");
  return words;
}

/// `rank/kind/ref`; neither a rank nor a kind has a slash.
std::string text_of(const storage::search_place& x) {
  return x.rank + '/' + x.kind + '/' + x.ref;
}

std::optional<storage::search_place> place_of(std::string_view text) {
  if (text.empty())
    return std::nullopt;
  const auto first = text.find('/');
  const auto second = first == std::string_view::npos ? first : text.find('/', first + 1);
  auto rank = 0.0F;
  const auto number = text.substr(0, first);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), rank);
  if (second == std::string_view::npos || error != std::errc{} || end != number.data() + number.size())
    throw bad_parameter("after", "`next` of the page before");
  return storage::search_place{std::string{number}, std::string{text.substr(first + 1, second - first - 1)},
                               std::string{text.substr(second + 1)}};
}

/// As HTML: the document's text escaped, what was found within <mark>.
std::string html_of(std::string_view snippet) {
  auto out = std::string{};
  while (!snippet.empty()) {
    const auto take = [&](std::string_view text, std::string_view as) {
      if (!snippet.starts_with(text))
        return false;
      out += as;
      snippet.remove_prefix(text.size());
      return true;
    };
    if (take(storage::snippet_word_begin, "<mark>") || take(storage::snippet_word_end, "</mark>") || take("&", "&amp;") ||
        take("<", "&lt;") || take(">", "&gt;") || take("\"", "&quot;") || take("'", "&#39;"))
      continue;
    out += snippet.front();
    snippet.remove_prefix(1);
  }
  return out;
}

std::string answer_json(const storage::search_answer& found, std::size_t limit) {
  auto hits = std::vector<std::string>{};
  for (const auto& x : found.hits)
    if (hits.size() < limit)
      hits.push_back(json_object{}
                         .add("kind", x.place.kind)
                         .add("ref", x.place.ref)
                         .add("url", x.url)
                         .add("title", x.title)
                         .add("snippet", html_of(x.snippet))
                         .add_raw("rank", x.place.rank)
                         .text());
  auto out = json_object{};
  out.add_raw("hits", json_array(hits)).add("ranked_all", found.ranked_all);
  return (found.hits.size() > limit ? out.add("next", text_of(found.hits[limit - 1].place)) : out.add_raw("next", "null")).text();
}

std::string path_of(std::int64_t job_id) {
  return "/cron/rebuild-search/" + std::to_string(job_id);
}

std::string rebuild_json(const storage::search_rebuild_record& x) {
  auto out = json_object{};
  out.add("job_id", std::to_string(x.job_id)).add("status", x.status).add_unless_empty("phase", x.phase);
  out.add("documents", x.documents);
  x.generation ? out.add("generation", *x.generation) : out.add_raw("generation", "null");
  return out.add("started_at", x.started_at).add("finished_at", x.finished_at).add_unless_empty("error", x.error).text();
}

} // namespace

void search_documents(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"q", "limit", "after"}};
    const auto limit = static_cast<unsigned>(query.integer("limit", 1, hits_max, hits_default));
    return json_response(
        answer_json(storage::find_documents(db, words_of(query), place_of(query.text("after")), limit + 1), limit));
  });
}

void rebuild_search(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done), [&what](storage::connection& db, const http::request& asked) {
    const auto start = storage::start_search_rebuild(db, what.context->config.search.language);
    const auto id = std::to_string(start.job_id);
    auto answer = http::response{};
    if (start.begun) {
      answer = json_response(json_object{}.add("job_id", id).add("status", "pending").text(), 202);
      if (const auto handles = what.context->handles.load())
        bridge::tell(handles->jobs, hint_atom_v);
    } else {
      answer = http::refusal({fault::conflict, "the rebuild of job " + id + " is not over yet", {{"job_id", id}}},
                             asked.head.request_id);
    }
    answer.fields.emplace_back("location", path_of(start.job_id));
    return answer;
  });
}

void show_search_rebuild(const services& what, http::request req, path_parameters job_id, http::responder done) {
  answer_by_reading(
      what, std::move(req), std::move(done), [text = job_id.front()](storage::connection& db, const http::request&) {
        const auto found = storage::find_search_rebuild(db, id_in_path(text));
        if (!found)
          throw storage::refused_change{{fault::not_found, "there is no rebuild of the search with job " + text, {}}};
        return json_response(rebuild_json(*found));
      });
}

} // namespace ingot::routes
