#include "tests/support/catch.hpp"
#include "tests/telemetry/every_family.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

using namespace ingot;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream in{std::filesystem::path{INGOT_SOURCE_DIR} / path};
  REQUIRE(in);
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// Every name that a query may use: histograms by their three series.
std::set<std::string> series_names() {
  telemetry::metrics m{"0.1.0"};
  testing::give_every_family_a_series(m);
  std::set<std::string> out;
  std::istringstream lines{m.serialize()};
  for (std::string word, name, kind; lines >> word;) {
    if (word != "TYPE")
      continue;
    lines >> name >> kind;
    if (kind == "histogram")
      out.insert({name + "_bucket", name + "_sum", name + "_count"});
    else
      out.insert(name);
  }
  return out;
}

/// The names of our metrics and of any process's in `text`.
std::set<std::string> names_in(const std::string& text) {
  static const std::regex name{"\\b(ingot|process)_[a-z_]+"};
  std::set<std::string> out;
  for (auto at = std::sregex_iterator{text.begin(), text.end(), name}; at != std::sregex_iterator{}; ++at)
    out.insert(at->str());
  return out;
}

/// One rule of alerts.yml: its lines.
struct rule {
  std::string name;
  std::string text;
};

std::vector<rule> rules() {
  std::vector<rule> out;
  std::istringstream lines{text_of("packaging/prometheus/alerts.yml")};
  const std::string begin = "      - alert: ";
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(begin))
      out.push_back({line.substr(begin.size()), ""});
    else if (line.starts_with("  #") || line.starts_with("  - name"))
      continue;
    else if (!out.empty())
      out.back().text += line + "\n";
  }
  return out;
}

std::string expression(const rule& of) {
  const auto from = of.text.find("expr: ");
  return of.text.substr(from, of.text.find('\n', from) - from);
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("every metric that an alert asks for is one that the node has") {
  const auto known = series_names();
  REQUIRE(rules().size() >= 30);
  for (const auto& x : rules())
    for (const auto& name : names_in(expression(x))) {
      INFO(x.name << " asks for " << name);
      CHECK(known.contains(name));
    }
}

TEST_CASE("every metric of the dashboard is one that the node has, and every metric is on the dashboard") {
  const auto known = series_names();
  const auto shown = names_in(text_of("packaging/grafana/ingot.json"));
  for (const auto& name : shown) {
    INFO("the dashboard asks for " << name);
    CHECK(known.contains(name));
  }
  for (const auto& name : known) {
    const auto part = name.ends_with("_bucket") || name.ends_with("_sum") || name.ends_with("_count");
    const auto family = part ? name.substr(0, name.rfind('_')) : name;
    INFO(family << " is on no panel");
    CHECK(std::any_of(shown.begin(), shown.end(), [&](const auto& x) { return x.starts_with(family); }));
  }
}

TEST_CASE("every alert says how bad it is, what it means and where its section in the manual is") {
  const auto manual = text_of("docs/operating.md");
  for (const auto& x : rules()) {
    INFO(x.name);
    CHECK((holds(x.text, "severity: warning}") || holds(x.text, "severity: critical}")));
    CHECK(holds(x.text, "summary: \""));
    CHECK(holds(x.text, "description: \""));
    auto anchor = x.name;
    std::transform(anchor.begin(), anchor.end(), anchor.begin(), [](unsigned char c) { return std::tolower(c); });
    CHECK(holds(x.text, "runbook_url: file:///usr/share/doc/ingot/operating.md#" + anchor + "\n"));
    const auto section = manual.find("\n### " + x.name + "\n");
    REQUIRE(section != std::string::npos);
    // What it means, commands to look with, what to do.
    const auto end = std::min(manual.find("\n### ", section + 1), manual.find("\n## ", section + 1));
    const auto body = manual.substr(section, end - section);
    CHECK(holds(body, "\n    "));
    CHECK(body.size() > 200);
  }
  // And no section of an alert that is gone.
  static const std::regex heading{"\n### (Ingot[A-Z][A-Za-z]+)\n"};
  for (auto at = std::sregex_iterator{manual.begin(), manual.end(), heading}; at != std::sregex_iterator{}; ++at) {
    const auto name = (*at)[1].str();
    INFO(name);
    const auto all = rules();
    CHECK(std::any_of(all.begin(), all.end(), [&](const auto& x) { return x.name == name; }));
  }
}

TEST_CASE("every alert has a case in which it fires and one in which it stays silent") {
  const auto cases = text_of("tests/packaging/alerts_test.yml");
  for (const auto& x : rules()) {
    INFO(x.name);
    CHECK(holds(cases, "# " + x.name + " fires\n"));
    CHECK(holds(cases, "# " + x.name + " stays silent\n"));
  }
}
