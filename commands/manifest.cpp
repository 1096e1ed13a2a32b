#include "commands/manifest.hpp"

#include "commands/table.hpp"
#include "model/mcp/manifest_guide.hpp"
#include "model/mcp/manifest_validator.hpp"
#include "model/word_list.hpp"

#include <fstream>
#include <istream>
#include <ostream>
#include <stdexcept>

namespace ingot::commands {

namespace {

/// At most one byte more than is allowed, so that what is too long is refused, not held.
std::string read_bounded(std::istream& in) {
  auto out = std::string(mcp::manifest_validator::text_bytes_max + 1, '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(in.gcount()));
  return out;
}

std::string read_manifest_file(const std::string& name, std::istream& input) {
  if (name == "-")
    return read_bounded(input);
  auto file = std::ifstream{name, std::ios::binary};
  if (!file)
    throw std::runtime_error{"cannot read " + name};
  return read_bounded(file);
}

} // namespace

int validate_manifest(const settings& of, const std::string& file, std::istream& input, const terminal& to) {
  const auto text = read_manifest_file(file, input);
  const auto validator = mcp::manifest_validator{of.mcp.default_schema, words_in(of.mcp.accepted_schemas)};
  const auto report = validator.validate(text);
  if (to.json) {
    to.out << mcp::to_json(report) << '\n';
    return report.valid ? done : failed;
  }
  if (report.valid) {
    to.out << paint("Valid", colour::good, to.coloured) << " by the schema of " << report.schema << " and the rules.\n";
    return done;
  }
  to.out << paint(report.is_json ? "Not valid" : "No JSON", colour::bad, to.coloured)
         << (report.is_json ? " by the schema of " + report.schema + " and the rules:\n" : "\n");
  auto lines = table{{"LINE", "COLUMN", "AT", "BY", "WHAT"}, {}};
  for (const auto& x : report.problems) {
    lines.rows.push_back({std::to_string(x.line), std::to_string(x.column),
                          x.pointer.empty() ? "(document)" : presentable(x.pointer), to_string(x.source),
                          presentable(x.message)});
    if (!x.hint.empty())
      lines.rows.push_back({"", "", "", "", cell{presentable(x.hint), colour::faint}});
  }
  print(to.out, lines, to.coloured);
  return failed;
}

int describe_manifests(const terminal& to) {
  to.out << mcp::manifest_guide();
  return done;
}

} // namespace ingot::commands
