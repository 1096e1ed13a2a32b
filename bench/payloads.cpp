#include "bench/payloads.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <simdjson.h>

namespace ingot::bench {
namespace fs = std::filesystem;

namespace {

std::string read_file(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in)
    throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>{in}, {}};
}

void read_folder(const fs::path& folder, const std::string& event, std::vector<example>& out) {
  if (!fs::is_directory(folder / event))
    return;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{folder / event})
    if (entry.path().extension() == ".json")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    auto action = file.filename().string();
    action.resize(std::min(action.find_last_of('-'), action.size()));
    out.push_back({event, action == "event" ? std::string{} : action, read_file(file)});
  }
}

void read_index(const fs::path& file, const std::vector<std::string>& events, std::vector<example>& out) {
  simdjson::dom::parser parser;
  auto text = simdjson::padded_string{read_file(file)};
  for (auto entry : parser.parse(text).get_array()) {
    auto event = std::string{entry["name"].get_string().value()};
    if (std::find(events.begin(), events.end(), event) == events.end())
      continue;
    for (auto body : entry["examples"].get_array()) {
      std::string_view action;
      if (body["action"].get(action) != simdjson::SUCCESS)
        action = {};
      out.push_back({event, std::string{action}, simdjson::minify(body)});
    }
  }
}

} // namespace

std::vector<example> read_examples(const fs::path& source, const std::vector<std::string>& events) {
  std::vector<example> out;
  if (fs::is_directory(source)) {
    for (const auto& event : events)
      read_folder(source, event, out);
  } else {
    read_index(source, events, out);
  }
  for (const auto& event : events)
    if (std::none_of(out.begin(), out.end(), [&](const example& x) { return x.event == event; }))
      throw std::runtime_error("no example of " + event + " in " + source.string());
  return out;
}

fs::path find_examples(const fs::path& explicit_source) {
  if (!explicit_source.empty())
    return explicit_source;
  const auto root = fs::path{INGOT_SOURCE_DIR};
  std::vector<fs::path> places;
  if (const auto* shared = std::getenv("INGOT_SHARED"))
    places.push_back(fs::path{shared} / "data/github/webhooks");
  places.push_back(root.parent_path() / "shared/data/github/webhooks");
  places.push_back(root / "bench/payloads/node_modules/@octokit/webhooks-examples/api.github.com/index.json");
  std::string tried;
  for (const auto& place : places) {
    if (fs::exists(place))
      return place;
    tried += "\n  " + place.string();
  }
  throw std::runtime_error("no example payloads. Run `npm ci` in bench/payloads, or say --payloads. Looked at:" + tried);
}

} // namespace ingot::bench
