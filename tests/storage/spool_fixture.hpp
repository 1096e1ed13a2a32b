#pragma once

#include "storage/spool.hpp"

#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace ingot::storage {

/// A delivery whose every member follows from `number`; its body has `body_bytes` bytes.
inline delivery numbered_delivery(int number, std::size_t body_bytes = 200) {
  delivery d;
  d.endpoint = "default";
  d.id = "delivery-" + std::to_string(number);
  d.event = "push";
  d.action = number % 2 == 0 ? "" : "opened";
  d.content_type = "application/json";
  d.hook_id = number + 1;
  d.repository_id = 1'000'000'000'000 + number;
  d.repository = "owner/name-" + std::to_string(number % 7);
  d.installation_id = -number;
  d.received_at = timestamp{std::chrono::microseconds{1'700'000'000'000'000 + number}};
  d.body_bytes = static_cast<std::uint32_t>(body_bytes * 3);
  d.body.resize(body_bytes);
  for (std::size_t i = 0; i < body_bytes; ++i)
    d.body[i] = static_cast<char>(i * 31 + static_cast<std::size_t>(number) * 7 + i / 256);
  return d;
}

inline bool same(const delivery& a, const delivery& b) {
  const auto all = [](const delivery& d) {
    return std::tie(d.source, d.endpoint, d.id, d.event, d.action, d.content_type, d.hook_id, d.repository_id, d.repository,
                    d.installation_id, d.received_at, d.body_bytes, d.encoding, d.body);
  };
  return all(a) == all(b);
}

inline std::vector<bool> append(spool& to, const std::vector<delivery>& items) {
  std::vector<const delivery*> pointers;
  for (const auto& d : items)
    pointers.push_back(&d);
  return to.append(pointers);
}

/// Everything in it, taken out in small steps.
inline std::vector<spooled> drain(spool& from) {
  std::vector<spooled> all;
  for (;;) {
    auto some = from.oldest(7);
    if (some.empty())
      return all;
    from.forget_through(some.back().sequence);
    for (auto& s : some)
      all.push_back(std::move(s));
  }
}

} // namespace ingot::storage
