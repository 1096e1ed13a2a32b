#include "bench/site_bodies.hpp"

#include "model/time.hpp"

namespace ingot::bench {

namespace {

constexpr std::int64_t first_day = 1'714'521'600; // 2024-05-01

/// Which modules change differs from generation to generation, as on a site.
bool changes(const site_inventory& x, int module) {
  if (x.changed == 0)
    return false;
  const auto stride = x.modules / x.changed;
  return module % stride == static_cast<int>(x.generation % static_cast<std::uint32_t>(stride)) && module / stride < x.changed;
}

std::string module_text(const site_inventory& x, int module) {
  const auto number = std::to_string(module);
  const auto name = x.family + "_module_" + number;
  const auto version = changes(x, module) ? "8.x-2." + std::to_string(x.generation) : "8.x-1." + std::to_string(module % 40);
  return "{\"machine_name\":\"" + name + "\",\"name\":\"Module " + number + " of " + x.family +
         "\",\"type\":\"contrib\",\"version\":\"" + version +
         "\",\"status\":true,\"schema_version\":8101,\"package\":\"Administration\",\"core_compatibility\":[\"^9.3\",\"^10\"],"
         "\"dependencies\":[\"drupal:node\",\"drupal:views\"],\"description\":\"Does what its name says, on every page of the "
         "site.\","
         "\"project_link\":\"https://www.drupal.org/project/" +
         name + "\",\"security_coverage\":true}";
}

std::string body_of(const std::string& modules, std::int64_t seconds) {
  auto out = std::string{};
  out.reserve(modules.size() + 400);
  out = "{\"site_info\":{\"name\":\"A site\",\"environment\":\"live\",\"last_cron\":" + std::to_string(first_day + seconds) +
        "},\"sync_timestamp\":\"" + time_text(seconds) +
        "\",\"drupal_version\":\"10.3.1\",\"php_version\":\"8.2.20\",\"sync_type\":\"full\",\"modules\":";
  out += modules;
  out += '}';
  return out;
}

} // namespace

std::string time_text(std::int64_t seconds) {
  return to_rfc3339(timestamp{std::chrono::seconds{first_day + seconds}});
}

std::string site_inventory::modules_json() const {
  auto out = std::string{"["};
  for (auto i = 0; i < modules; ++i) {
    out += i == 0 ? "" : ",";
    out += module_text(*this, i);
  }
  return out + ']';
}

std::string site_inventory::body(std::int64_t seconds) const {
  return body_of(modules_json(), seconds);
}

body_ring::body_ring(site_inventory of) {
  constexpr auto generations = 8u;
  for (auto i = 0u; i < (of.changed == 0 ? 1 : generations); ++i) {
    of.generation = i;
    modules_.push_back(of.modules_json());
  }
}

std::string body_ring::body(std::uint64_t number, std::int64_t seconds) const {
  return body_of(modules_[number % modules_.size()], seconds);
}

} // namespace ingot::bench
