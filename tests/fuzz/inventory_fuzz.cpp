#include "model/drupal/inventory.hpp"
#include "model/drupal/version.hpp"
#include "tests/fuzz/input.hpp"

#include <set>
#include <string>

// Input: a site's inventory. What is taken strictly is taken leniently with the same modules and no error; what is lenient
// without an error is good strictly; no name comes twice, and every text can be stored.

namespace {

using namespace ingot;
using fuzz::require;

void check(const drupal::inventory& x) {
  require(x.modules.size() <= drupal::modules_max && fuzz::is_storable(x.site_info));
  auto names = std::set<std::string_view>{};
  for (const auto& m : x.modules) {
    require(!m.machine_name.empty() && names.insert(m.machine_name).second && m.index < drupal::modules_max);
    require(m.version.empty() || drupal::is_version(m.version));
    require(m.dependencies.size() <= drupal::list_items_max && m.core_compatibility.size() <= drupal::list_items_max);
    for (const auto text : {m.machine_name, m.name, m.package.value_or(""), m.description.value_or(""), m.project()})
      require(fuzz::is_storable(text));
  }
  for (const auto* notes : {&x.errors, &x.warnings})
    for (const auto& note : *notes)
      require(fuzz::is_storable(note.message) && fuzz::is_storable(note.pointer) && note.message.size() < 1'000);
}

bool same(const drupal::inventory& a, const drupal::inventory& b) {
  return a.site_digest == b.site_digest && a.sync_time == b.sync_time && a.removed == b.removed &&
         std::equal(a.modules.begin(), a.modules.end(), b.modules.begin(), b.modules.end(),
                    [](const auto& x, const auto& y) { return x.machine_name == y.machine_name && x.digest == y.digest; });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = fuzz::input{data, size}.rest();
  const auto strict = drupal::parse_inventory(body, false), lenient = drupal::parse_inventory(body, true);
  const auto *taken = std::get_if<drupal::inventory>(&strict), *most = std::get_if<drupal::inventory>(&lenient);
  for (const auto* x : {&strict, &lenient})
    if (const auto* refused = std::get_if<failure>(x))
      fuzz::check_refusal(*refused, drupal::faults_max);
    else
      check(std::get<drupal::inventory>(*x));
  if (taken != nullptr)
    require(taken->errors.empty() && most != nullptr && most->errors.empty() && same(*taken, *most));
  else
    require(most == nullptr || !most->errors.empty());
  return 0;
}
