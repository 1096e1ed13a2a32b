#pragma once

#include "storage/site_modules.hpp"
#include "storage/sites.hpp"
#include "storage/syncs.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Sites and what they have, as routes and commands show them in JSON. Times are RFC 3339; what is not known is null.
namespace ingot::routes {

std::string to_json(const storage::site_record& x);
std::string to_json(const storage::site_record& x, const storage::site_counts& has);
std::string to_json(const storage::api_key_record& x);
std::string to_json(const storage::new_api_key& x); ///< with the key itself
std::string to_json(const storage::site_module_record& x);
std::string to_json(const storage::module_change& x);
std::string to_json(const storage::sync_record& x);

/// A text as JSON.
std::string json_string(std::string_view text);

/// Every page's own form, `{"<name>":[…],"next":…}`. @param next a JSON text: what `after` of the next page must be, or null
std::string page_json(std::string_view name, const std::vector<std::string>& items, std::string_view next);

/// The members of a page that was asked with one item more than `limit`, to see whether there is a next one. `place_of` gives an
/// item's place in the listing as JSON text.
template <class Item, class Place>
std::string page_json(std::string_view name, const std::vector<Item>& items, std::size_t limit, Place place_of) {
  auto shown = std::vector<std::string>{};
  for (const auto& x : items)
    if (shown.size() < limit)
      shown.push_back(to_json(x));
  return page_json(name, shown, items.size() > limit && limit > 0 ? place_of(items[limit - 1]) : "null");
}

} // namespace ingot::routes
