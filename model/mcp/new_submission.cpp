#include "model/mcp/new_submission.hpp"

#include "model/email_address.hpp"
#include "model/json_document.hpp"
#include "model/json_locate.hpp"
#include "model/mcp/submission.hpp"

#include <algorithm>

namespace ingot::mcp {

namespace {

using element = simdjson::dom::element;

constexpr std::size_t url_bytes_max = 2'048;
constexpr std::size_t name_bytes_max = 100; // GitHub's limit of a repository's name; an owner's is smaller
constexpr std::size_t faults_max = 50;

constexpr const char* expected_page = "expected: the page of a GitHub repository as https://github.com/owner/name";
constexpr const char* expected_manifest = "expected: a manifest (server.json) as an object, or its text as a string";

std::string lower(std::string_view text) {
  auto out = std::string{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// What GitHub makes names of; not `.` and `..`, which a path would mean otherwise.
bool is_name(std::string_view x) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !x.empty() && x.size() <= name_bytes_max && x != "." && x != ".." && std::all_of(x.begin(), x.end(), is_part);
}

bool is_host(std::string_view x) {
  const auto is_part = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  return x.size() <= 253 && x.find('.') != std::string_view::npos && x.front() != '.' && x.back() != '.' &&
         std::all_of(x.begin(), x.end(), is_part);
}

/// Reads the members of a body and gathers what is wrong with them.
class reading {
public:
  explicit reading(std::string_view body) : failed_{document_.parse(body)} {}

  /// Calls `take` with each member; it says whether it knows the name.
  template <class Take>
  void each(Take take) {
    if (failed_)
      return;
    for (const auto& [name, value] : document_.root())
      if (!take(name, value))
        fault(name, "is unknown here");
  }

  void fault(std::string_view name, std::string_view expected) {
    if (faults_.size() == faults_max)
      return;
    auto pointer = std::string{};
    if (!name.empty())
      append_pointer_token(pointer, name);
    faults_.push_back({std::move(pointer), std::string{expected}});
  }

  std::string text(std::string_view name, const element& value, std::size_t bytes_max) {
    auto out = std::string_view{};
    if (value.get(out) != simdjson::SUCCESS || out.size() > bytes_max)
      fault(name, "expected: a text of at most " + std::to_string(bytes_max) + " bytes");
    return std::string{out};
  }

  std::optional<repository_page> page(std::string_view name, const element& value) {
    auto out = std::string_view{};
    auto page = value.get(out) == simdjson::SUCCESS ? parse_repository_page(out) : std::nullopt;
    if (!page)
      fault(name, expected_page);
    return page;
  }

  /// As its author wrote it where it came as a text, so that problems are shown at its own lines.
  std::string manifest(std::string_view name, const element& value) {
    auto text = std::string_view{};
    auto out = value.get(text) == simdjson::SUCCESS ? std::string{text}
               : value.is_object()                  ? std::string{simdjson::minify(value)}
                                                    : std::string{};
    if (out.empty())
      fault(name, expected_manifest);
    else if (out.size() > submission_manifest_bytes_max)
      fault(name, "expected: at most " + std::to_string(submission_manifest_bytes_max) + " bytes");
    return out;
  }

  /// Why nothing of it is taken, or nothing.
  std::optional<failure> wrong(const char* what) {
    if (failed_)
      return std::move(failed_);
    if (faults_.empty())
      return std::nullopt;
    return failure{fault::invalid_fields, what, std::move(faults_)};
  }

private:
  json_document document_;
  std::optional<failure> failed_;
  std::vector<fault_detail> faults_;
};

} // namespace

std::string repository_page::key() const {
  return lower(host + "/" + owner + "/" + name);
}

std::optional<repository_page> parse_repository_page(std::string_view url) {
  constexpr auto scheme = std::string_view{"https://"};
  if (url.size() > url_bytes_max || lower(url.substr(0, scheme.size())) != scheme)
    return std::nullopt;
  url.remove_prefix(scheme.size());
  if (url.ends_with('/'))
    url.remove_suffix(1);
  const auto first = url.find('/');
  const auto second = first == std::string_view::npos ? first : url.find('/', first + 1);
  if (second == std::string_view::npos)
    return std::nullopt;
  auto name = url.substr(second + 1);
  if (name.ends_with(".git"))
    name.remove_suffix(4);
  auto host = lower(url.substr(0, first));
  if (host == "www.github.com")
    host = "github.com";
  const auto owner = url.substr(first + 1, second - first - 1);
  if (!is_host(host) || !is_name(owner) || !is_name(name))
    return std::nullopt;
  return repository_page{std::move(host), std::string{owner}, std::string{name}};
}

std::variant<new_submission, failure> parse_new_submission(std::string_view body) {
  auto x = reading{body};
  auto out = new_submission{};
  auto repository = false, manifest = false;
  x.each([&](std::string_view name, const element& value) {
    if (name == "repository") {
      out.repository = x.page(name, value);
      repository = true;
    } else if (name == "manifest") {
      out.manifest = x.manifest(name, value);
      manifest = true;
    } else if (name == "note") {
      out.note = x.text(name, value, submission_note_bytes_max);
    } else if (name == "email") {
      if (const auto address = parse_email_address(x.text(name, value, email_address_bytes_max)))
        out.email = *address;
      else
        x.fault(name, "expected: an e-mail address as ada@example.org");
    } else {
      return false;
    }
    return true;
  });
  if (!repository && !manifest)
    x.fault("", "expected: `repository`, `manifest`, or both");
  if (auto why = x.wrong("this is no submission"))
    return std::move(*why);
  return out;
}

std::variant<submission_change, failure> parse_submission_change(std::string_view body) {
  auto x = reading{body};
  auto out = submission_change{};
  x.each([&](std::string_view name, const element& value) {
    if (name == "repository")
      out.repository = x.page(name, value);
    else if (name == "manifest")
      out.manifest = x.manifest(name, value);
    else if (name == "note")
      out.note = x.text(name, value, submission_note_bytes_max);
    else
      return false;
    return true;
  });
  if (auto why = x.wrong("this is no change of a submission"))
    return std::move(*why);
  if (!out.repository && !out.manifest && !out.note)
    return failure{fault::missing_field, "nothing is to be changed", {{"", "expected: `repository`, `manifest` or `note`"}}};
  return out;
}

std::variant<review_decision, failure> parse_review_decision(std::string_view body) {
  auto x = reading{body};
  auto out = review_decision{};
  x.each([&](std::string_view name, const element& value) {
    if (name == "version") {
      if (value.get(out.version) != simdjson::SUCCESS)
        out.version = 0;
    } else if (name == "reason") {
      out.reason = x.text(name, value, submission_reason_bytes_max);
    } else {
      return false;
    }
    return true;
  });
  if (out.version < 1)
    x.fault("version", "expected: `version` of the submission that you have looked at");
  if (auto why = x.wrong("this is no decision"))
    return std::move(*why);
  return out;
}

} // namespace ingot::mcp
