#include "model/notification.hpp"

#include "model/json_object.hpp"

namespace ingot {

new_job notification_job(std::string_view type, std::string_view data, timestamp at, std::string_view dedupe) {
  auto x = new_job{};
  x.kind = notification_job_kind;
  x.key = "notify/" + std::string{type.substr(0, type.find('.'))};
  if (!dedupe.empty())
    x.dedupe_key = x.key + '/' + std::string{dedupe};
  x.payload = json_object{}.add("type", type).add("timestamp", to_rfc3339(at)).add_raw("data", data).text();
  return x;
}

} // namespace ingot
