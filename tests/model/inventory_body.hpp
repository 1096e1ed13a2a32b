#pragma once

#include <map>
#include <string>
#include <vector>

namespace ingot::testing {

/// The text of one module for the body of a sync; members are JSON, and an empty one is left out.
struct module_text {
  std::map<std::string, std::string> members;

  module_text(const std::string& machine_name, const std::string& version = "1.0.0") {
    members = {{"machine_name", '"' + machine_name + '"'},
               {"name", "\"The " + machine_name + '"'},
               {"type", "\"contrib\""},
               {"version", '"' + version + '"'},
               {"status", "true"}};
  }
  module_text& set(const std::string& name, const std::string& json) {
    members[name] = json;
    return *this;
  }
  std::string text() const { return object(members); }

  static std::string object(const std::map<std::string, std::string>& members) {
    auto out = std::string{"{"};
    for (const auto& [name, json] : members)
      if (!json.empty())
        out += (out.size() > 1 ? ",\"" : "\"") + name + "\":" + json;
    return out + '}';
  }
};

/// The body of a sync.
struct sync_text {
  std::map<std::string, std::string> members{{"site_info", R"({"name":"Forge","environment":"live","last_cron":1700000000})"},
                                             {"sync_timestamp", "\"2024-05-01T10:00:00Z\""},
                                             {"drupal_version", "\"10.3.0\""},
                                             {"php_version", "\"8.2.7\""}};
  std::vector<module_text> modules;

  sync_text& set(const std::string& name, const std::string& json) {
    members[name] = json;
    return *this;
  }
  sync_text& at(const std::string& time) { return set("sync_timestamp", '"' + time + '"'); }

  std::string text() const {
    auto all = members;
    if (!all.contains("modules")) {
      auto list = std::string{"["};
      for (const auto& x : modules)
        list += (list.size() > 1 ? "," : "") + x.text();
      all["modules"] = list + ']';
    }
    return module_text::object(all);
  }
};

} // namespace ingot::testing
