#include "model/github/webhook_parts.hpp"

// What a payload says of its repository, and the events that only move it.

namespace ingot::github {

namespace {

/// A text of the payload, or an empty one where it says null.
template <json_name Name, json_name... Names>
std::optional<std::string> text_or_null(const json_members<Names...>& from) {
  if (const auto text = from.template text<Name>())
    return std::string(*text);
  if (from.template is_null<Name>())
    return std::string();
  return std::nullopt;
}

template <json_name Name, json_name... Names>
std::optional<std::string> owned_text(const json_members<Names...>& from) {
  const auto text = from.template text<Name>();
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

std::string owner_of(const json_child& owner, std::string_view full_name) {
  const json_members<"login", "name"> who(owner);
  if (const auto login = who.text<"login">())
    return std::string(*login);
  // Old push payloads name the owner like a committer.
  if (const auto name = who.text<"name">())
    return std::string(*name);
  return std::string(full_name.substr(0, full_name.find('/')));
}

std::string name_within(std::string_view full_name) {
  const auto slash = full_name.find('/');
  return std::string(slash == std::string_view::npos ? full_name : full_name.substr(slash + 1));
}

void keep_mention(event& out, int rank, bool deleted = false) {
  out.fact = repository_event{deleted, rank, {}};
}

std::optional<contents::push_news> push_of(const payload& p) {
  constexpr std::string_view branches = "refs/heads/";
  const auto ref = p.text<"ref">();
  const auto after = contents::object_id::parse(p.text<"after">().value_or(""));
  if (!ref || !ref->starts_with(branches) || !after)
    return std::nullopt;
  const auto id_or_none = [](std::optional<std::string_view> hex) {
    return contents::object_id::parse(hex.value_or("")).value_or(contents::object_id{});
  };
  const json_members<"id", "tree_id"> head(p.child<"head_commit">());
  contents::push_news out;
  out.branch = ref->substr(branches.size());
  out.before = id_or_none(p.text<"before">());
  out.after = *after;
  if (id_or_none(head.text<"id">()) == out.after)
    out.tree = id_or_none(head.text<"tree_id">());
  return out;
}

} // namespace

repository_snapshot read_repository(const json_child& from) {
  const json_members<"id", "name", "full_name", "owner", "description", "language", "private", "archived", "default_branch",
                     "html_url", "stargazers_count", "forks_count", "forks", "updated_at", "pushed_at">
      r(from);
  repository_snapshot out;
  out.id = r.need_positive<"id">();
  out.full_name = r.need_text<"full_name">();
  const auto name = r.text<"name">();
  out.name = name ? std::string(*name) : name_within(out.full_name);
  out.owner = owner_of(r.child<"owner">(), out.full_name);
  out.is_private = r.flag<"private">();
  out.updated_at = r.time<"updated_at">();
  if (!out.updated_at)
    return out;
  out.description = text_or_null<"description">(r);
  out.language = text_or_null<"language">(r);
  out.archived = r.flag<"archived">();
  out.default_branch = owned_text<"default_branch">(r);
  out.html_url = owned_text<"html_url">(r);
  out.stars = count_of(r.integer<"stargazers_count">());
  const auto forks = r.integer<"forks_count">();
  out.forks = count_of(forks ? forks : r.integer<"forks">());
  out.pushed_at = r.time<"pushed_at">();
  return out;
}

std::optional<repository_snapshot> glance_at_repository(const json_child& from) {
  const json_members<"id", "full_name"> r(from);
  const auto id = r.integer<"id">();
  const auto full_name = r.text<"full_name">();
  if (!id || *id < 1 || !full_name)
    return std::nullopt;
  repository_snapshot out;
  out.id = *id;
  out.full_name = *full_name;
  out.name = name_within(*full_name);
  out.owner = full_name->substr(0, full_name->find('/'));
  return out;
}

std::optional<std::int64_t> count_of(std::optional<std::int64_t> said) {
  return said && *said >= 0 && *said <= integer_column_max ? said : std::nullopt;
}

person read_person(const json_child& from) {
  const json_members<"login", "avatar_url"> who(from);
  person out;
  out.login = who.text<"login">().value_or("ghost");
  out.avatar_url = who.text<"avatar_url">().value_or("");
  return out;
}

std::optional<std::string> parse_sha(std::string_view text) {
  if (text.size() != 40 && text.size() != 64)
    return std::nullopt;
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'F')
      c = static_cast<char>(c - 'A' + 'a');
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
      return std::nullopt;
  }
  return out;
}

void read_push(const payload& p, event& out) {
  keep_mention(out, 0);
  auto& push = std::get<repository_event>(out.fact).push;
  push = push_of(p);
  if (push)
    push->at = out.repository->pushed_at;
  out.occurred_at = json_members<"timestamp">(p.child<"head_commit">()).time<"timestamp">();
  if (!out.occurred_at)
    out.occurred_at = out.repository->pushed_at;
}

void read_ref(const payload&, event& out) {
  keep_mention(out, 0);
  out.occurred_at = out.repository->pushed_at;
}

void read_release(const payload& p, event& out) {
  keep_mention(out, 0);
  const json_members<"published_at", "created_at"> release(p.child<"release">());
  out.occurred_at = release.time<"published_at">();
  if (!out.occurred_at)
    out.occurred_at = release.time<"created_at">();
  if (auto* fact = std::get_if<repository_event>(&out.fact))
    fact->released = out.action == "published"; // `released` comes besides, for the same one
}

void read_repository_change(const payload&, event& out) {
  const bool deleted = out.action == "deleted";
  keep_mention(out, deleted ? 4 : out.action == "transferred" ? 3 : out.action == "renamed" ? 2 : 1, deleted);
  out.occurred_at = out.repository->updated_at;
}

void read_ping(const payload&, event& out) {
  if (out.repository)
    keep_mention(out, 0);
}

} // namespace ingot::github
