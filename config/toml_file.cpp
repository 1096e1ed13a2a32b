#include "config/toml_file.hpp"

#include "config/assign.hpp"
#include "config/nearest_name.hpp"
#include "config/setting_table.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <set>

namespace ingot {

namespace {

std::vector<std::string> known_keys() {
  std::vector<std::string> out{"github.endpoint"};
  for (const auto& x : all_settings())
    out.emplace_back(x.key);
  return out;
}

bool is_section(std::string_view key) {
  auto all = all_settings();
  return std::any_of(all.begin(), all.end(), [&](const auto& x) {
    return x.key.size() > key.size() && x.key.starts_with(key) && x.key[key.size()] == '.';
  });
}

/// What the user wrote instead, in a word. Never the value: it may be a secret.
std::string_view kind_of(const toml::node& x) {
  switch (x.type()) {
  case toml::node_type::table:
    return "a table";
  case toml::node_type::array:
    return "an array";
  case toml::node_type::floating_point:
    return "a number with a fraction";
  case toml::node_type::date:
  case toml::node_type::time:
  case toml::node_type::date_time:
    return "a date or time";
  default:
    return "this value";
  }
}

class reader {
public:
  reader(std::string file, loaded_config& into) : file_{std::move(file)}, into_{into} {}

  void read(const toml::table& x, const std::string& prefix) {
    for (auto&& [name, value] : x) {
      auto key = prefix + std::string{name.str()};
      if (key == "github.endpoint")
        read_endpoints(value);
      else if (const auto* known = find_setting(key))
        assign(*known, value);
      else if (const auto* table = value.as_table(); table != nullptr && (is_section(key) || !table->empty()))
        read(*table, key + ".");
      else if (is_section(key))
        note(value.source(), key, "expected a section [" + key + "], not " + std::string{kind_of(value)});
      else
        unknown(name.source(), key, known_keys());
    }
  }

private:
  void note(const toml::source_region& at, const std::string& key, std::string message) {
    into_.problems.push_back({file_, at.begin.line, at.begin.column, key, std::move(message)});
  }

  void unknown(const toml::source_region& at, const std::string& key, const std::vector<std::string>& known) {
    auto near = nearest_name(key, known);
    note(at, key,
         near.empty() ? "there is no such setting (all: ingot check-config --explain)"
                      : "there is no such setting; did you mean " + std::string{near} + "?");
  }

  std::string origin(const toml::node& x) const { return file_ + ":" + std::to_string(x.source().begin.line); }

  void assign(const setting& x, const toml::node& value) {
    std::string wrong;
    if (const auto* text = value.as_string())
      wrong = assign_text(x, into_.values, text->get());
    else if (const auto* number = value.as_integer())
      wrong = assign_number(x, into_.values, number->get());
    else if (const auto* fraction = value.as_floating_point())
      wrong = assign_fraction(x, into_.values, fraction->get());
    else if (const auto* boolean = value.as_boolean())
      wrong = assign_boolean(x, into_.values, boolean->get());
    else
      wrong = expectation(x) + ", not " + std::string{kind_of(value)};
    if (wrong.empty())
      into_.origins[std::string{x.key}] = origin(value);
    else
      note(value.source(), std::string{x.key}, std::move(wrong));
  }

  void read_endpoints(const toml::node& value) {
    const auto* list = value.as_array();
    if (list == nullptr) {
      note(value.source(), "github.endpoint", "expected [[github.endpoint]], with double brackets, once for each endpoint");
      return;
    }
    for (const auto& entry : *list) {
      if (const auto* table = entry.as_table())
        read_endpoint(*table);
      else
        note(entry.source(), "github.endpoint", "expected a table with name, secret and perhaps secret_previous");
    }
  }

  void read_endpoint(const toml::table& table) {
    github_endpoint made;
    bool complete = text_of(table, "name", made.name, true);
    complete = text_of(table, "secret", made.secret, true) && complete;
    complete = text_of(table, "secret_previous", made.secret_previous, false) && complete;
    for (auto&& [name, value] : table) {
      std::string key{name.str()};
      if (key != "name" && key != "secret" && key != "secret_previous")
        unknown(name.source(), "github.endpoint." + key,
                {"github.endpoint.name", "github.endpoint.secret", "github.endpoint.secret_previous"});
    }
    if (!complete)
      return;
    auto& all = into_.values.github;
    if (std::any_of(all.begin(), all.end(), [&](const auto& x) { return x.name == made.name; })) {
      note(table.source(), "github.endpoint.name", "there is an endpoint `" + made.name + "` already; names must differ");
      return;
    }
    into_.origins["github.endpoint." + made.name] = origin(table);
    all.push_back(std::move(made));
  }

  bool text_of(const toml::table& table, const char* name, std::string& to, bool needed) {
    const auto* value = table.get(name);
    auto key = std::string{"github.endpoint."} + name;
    if (value == nullptr) {
      if (needed)
        note(table.source(), key, "is missing");
      return !needed;
    }
    const auto* text = value->as_string();
    if (text == nullptr || (needed && text->get().empty())) {
      note(value->source(), key, "expected a text in quotes that is not empty");
      return false;
    }
    to = text->get();
    return true;
  }

  std::string file_;
  loaded_config& into_;
};

} // namespace

void read_toml_file(const std::filesystem::path& file, loaded_config& into) {
  auto shown = file.string();
  if (std::error_code ignored; !std::filesystem::is_regular_file(file, ignored)) {
    into.problems.push_back({shown, 0, 0, "", "cannot be read: there is no such file"});
    return;
  }
  into.file = file;
  try {
    auto parsed = toml::parse_file(shown);
    reader{shown, into}.read(parsed, "");
  } catch (const toml::parse_error& e) {
    into.problems.push_back({shown, e.source().begin.line, e.source().begin.column, "", std::string{e.description()}});
  }
  // toml++ keeps tables sorted by name; people read from the top.
  std::stable_sort(into.problems.begin(), into.problems.end(), [](const auto& a, const auto& b) {
    return std::pair{a.line, a.column} < std::pair{b.line, b.column};
  });
}

} // namespace ingot
