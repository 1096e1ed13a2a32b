#pragma once

#include "model/mcp/manifest.hpp"
#include "model/mcp/manifest_report.hpp"
#include "model/mcp/manifest_validator.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The rules that a schema cannot say, as the registry of the Model Context Protocol has them (its documentation "server.json
/// requirements"), and the node's own: whose name it is, and nothing that leads into a private network.
namespace ingot::mcp {

/// What breaks a rule. Lines are not known here.
/// @param origin if given, the name and the repository must fit to it
std::vector<manifest_problem> broken_rules(const manifest& x, const std::optional<manifest_origin>& origin);

/// What makes `version` no exact one: `a range`, `the word latest`; nothing when it is one.
std::optional<std::string> inexact(std::string_view version);

/// An address that names more variables breaks a rule.
constexpr std::size_t template_variables_max = 100;

/// `{name}` in a text: the names, each once. Ends at the first one over template_variables_max.
std::vector<std::string> template_variables(std::string_view text);

/// What is wrong with the address of something that others are to call: not https, no host, a host of a private network.
/// Variables in braces stand for anything. Nothing when it may be listed.
std::optional<std::string> unlisted_address(std::string_view url);

/// What is wrong with the name of a package in a registry of this type: npm, pypi, oci, nuget, mcpb. Nothing when it may be one.
std::optional<std::string> unfit_identifier(std::string_view registry_type, std::string_view identifier);

} // namespace ingot::mcp
