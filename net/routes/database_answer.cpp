#include "net/routes/database_answer.hpp"

#include "net/bridge.hpp"

#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

void answer_by(bool repeatable, const services& what, http::request req, http::responder done, database_work work) {
  auto shared = std::make_shared<http::responder>(std::move(done));
  auto asked = std::make_shared<const http::request>(std::move(req));
  bridge::run_query(*what.context,
                    {[shared, asked, work = std::move(work)](storage::connection& db) { (*shared)(work(db, *asked)); },
                     [shared, asked](const failure& why) { (*shared)(http::refusal(why, asked->head.request_id)); }, repeatable});
}

} // namespace

void answer_by_reading(const services& what, http::request req, http::responder done, database_work work) {
  answer_by(true, what, std::move(req), std::move(done), std::move(work));
}

void answer_by_changing(const services& what, http::request req, http::responder done, database_work work) {
  answer_by(false, what, std::move(req), std::move(done), std::move(work));
}

http::response json_response(std::string body, unsigned status) {
  auto answer = http::response{};
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

} // namespace ingot::routes
