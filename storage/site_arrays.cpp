#include "storage/site_arrays.hpp"

#include "model/digest.hpp"
#include "model/drupal/version.hpp"
#include "model/json_write.hpp"

#include <algorithm>
#include <tuple>

namespace ingot::storage {

namespace {

/// One module that is written, and when that was said: at most when it came, so that a clock that is fast rules nobody else.
struct mention {
  const drupal::reported_module* module;
  timestamp at;
};

std::vector<mention> mentions_of(std::span<const applied_sync> syncs) {
  auto out = std::vector<mention>{};
  for (const auto& x : syncs)
    for (const auto* places : {&x.change.added, &x.change.updated})
      for (const auto i : *places)
        out.push_back({&x.sync->said.modules[i], std::min(x.sync->said.sync_time, x.sync->received_at)});
  return out;
}

std::string json_of(const std::vector<std::string_view>& texts) {
  auto out = std::string{"["};
  for (const auto& x : texts) {
    out += out.size() > 1 ? "," : "";
    append_json_string(out, x);
  }
  return out + ']';
}

std::int64_t digest_of_description(const drupal::reported_module& x) {
  auto out = digest{};
  out << x.name << static_cast<std::int64_t>(x.type) << x.description << x.project_link << x.package;
  return static_cast<std::int64_t>(out.value());
}

std::int64_t digest_of_version(const drupal::reported_module& x) {
  auto out = digest{};
  for (const auto* list : {&x.core_compatibility, &x.dependencies}) {
    out << static_cast<std::uint64_t>(list->size());
    for (const auto& each : *list)
      out << each;
  }
  out << x.security_coverage;
  return static_cast<std::int64_t>(out.value());
}

std::optional<std::string_view> unless_empty(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

} // namespace

described_modules::described_modules(std::span<const applied_sync> syncs) {
  auto all = mentions_of(syncs);
  std::sort(all.begin(), all.end(), [](const mention& a, const mention& b) {
    return std::tie(a.module->machine_name, b.at, b.module->digest) < std::tie(b.module->machine_name, a.at, a.module->digest);
  });
  const auto same = [](const mention& a, const mention& b) { return a.module->machine_name == b.module->machine_name; };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  for (const auto& [x, when] : all) {
    machine_name.add(x->machine_name);
    name.add(x->name);
    type.add(to_string(x->type));
    description.add(x->description);
    link.add(x->project_link);
    package.add(x->package);
    project.add(x->project());
    described.add(digest_of_description(*x));
    at.add(when);
  }
}

described_versions::described_versions(std::span<const applied_sync> syncs) {
  auto all = mentions_of(syncs);
  std::erase_if(all, [](const mention& x) { return x.module->version.empty(); });
  std::sort(all.begin(), all.end(), [](const mention& a, const mention& b) {
    return std::tie(a.module->machine_name, a.module->version, b.at, b.module->digest) <
           std::tie(b.module->machine_name, b.module->version, a.at, a.module->digest);
  });
  const auto same = [](const mention& a, const mention& b) {
    return a.module->machine_name == b.module->machine_name && a.module->version == b.module->version;
  };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  for (const auto& [x, when] : all) {
    const auto parsed = drupal::parse_version(x->version);
    machine_name.add(x->machine_name);
    version.add(x->version);
    sort_key.add(parsed ? std::string_view{parsed->sort_key} : x->version);
    core_compatibility.add(json_of(x->core_compatibility));
    dependencies.add(json_of(x->dependencies));
    coverage.add(x->security_coverage);
    described.add(digest_of_version(*x));
    at.add(when);
  }
}

written_modules::written_modules(std::span<const applied_sync> syncs) {
  for (const auto& [sync, change] : syncs)
    for (const auto* places : {&change.added, &change.updated})
      for (const auto i : *places) {
        const auto& x = sync->said.modules[i];
        site_id.add(sync->site_id);
        machine_name.add(x.machine_name);
        version.add(unless_empty(x.version));
        enabled.add(x.enabled);
        schema_version.add(x.schema_version);
        reported.add(static_cast<std::int64_t>(x.digest));
        at.add(sync->said.sync_time);
        sync_id.add(sync->sync_id);
        fresh.add(places == &change.added);
      }
}

removed_modules::removed_modules(std::span<const applied_sync> syncs) {
  for (const auto& [sync, change] : syncs)
    for (const auto id : change.removed) {
      site_id.add(sync->site_id);
      module_id.add(id);
      at.add(sync->said.sync_time);
    }
}

changed_sites::changed_sites(std::span<const applied_sync> syncs) {
  for (const auto& [sync, change] : syncs) {
    if (!change.site && !change.modules())
      continue;
    site_id.add(sync->site_id);
    environment.add(unless_empty(sync->said.environment));
    info.add(sync->said.site_info);
    drupal_version.add(sync->said.drupal_version);
    php_version.add(sync->said.php_version);
    reported.add(static_cast<std::int64_t>(sync->said.site_digest));
  }
}

void sync_records::add(const site_sync& x) {
  id.add(x.sync_id);
  site_id.add(x.site_id);
  key_id.add(x.key_id);
  type.add(to_string(x.said.type));
  outcome.add(to_string(x.result.outcome));
  at.add(x.said.sync_time);
  received.add(x.received_at);
  cron.add(x.said.last_cron);
  for (const auto count : {x.result.processed, x.result.added, x.result.updated, x.result.removed, x.result.security_updates,
                           x.result.warnings.size(), x.result.errors.size()})
    counts.add(static_cast<std::int32_t>(count));
  ms.add(milliseconds_of(x));
  hash.add(x.payload_hash);
  job_id.add(x.of_job ? x.of_job->id : 0);
}

double milliseconds_of(const site_sync& x) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - x.started).count();
}

} // namespace ingot::storage
