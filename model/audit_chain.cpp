#include "model/audit_chain.hpp"

#include "model/sha256.hpp"
#include "model/signature.hpp"

#include <charconv>

namespace ingot::audit {

namespace {

constexpr std::size_t hash_bytes = 32;

// Another layout of the bytes below needs another name.
constexpr std::string_view layout = "ingot audit line, layout 1";

/// Fields one after the other, each so that no other list of fields has the same bytes.
class canonical_bytes {
public:
  void add(std::int64_t x) {
    const auto bits = static_cast<std::uint64_t>(x);
    for (auto shift = 56; shift >= 0; shift -= 8)
      bytes_ += static_cast<char>(bits >> shift & 0xff);
  }
  void add(std::string_view x) {
    add(static_cast<std::int64_t>(x.size()));
    bytes_ += x;
  }
  void add(const std::optional<std::string>& x) {
    bytes_ += x ? '\1' : '\0';
    if (x)
      add(std::string_view{*x});
  }
  const std::string& bytes() const noexcept { return bytes_; }

private:
  std::string bytes_;
};

std::string hash_of(std::int64_t seq, std::string_view previous_hash, const entry& x) {
  auto out = canonical_bytes{};
  out.add(layout);
  out.add(seq);
  out.add(previous_hash);
  out.add(x.id);
  out.add(std::int64_t{x.at.time_since_epoch().count()});
  for (const auto* text : {&x.actor, &x.action, &x.subject})
    out.add(std::string_view{*text});
  out.add(x.count);
  out.add(std::string_view{x.details});
  for (const auto* text : {&x.before, &x.after, &x.request_id})
    out.add(*text);
  return sha256(out.bytes());
}

std::string line(std::int64_t seq) {
  return "line " + std::to_string(seq);
}

} // namespace

chain_end empty_chain() {
  return {0, std::string(hash_bytes, '\0')};
}

seal seal_behind(const chain_end& end, const entry& x) {
  return {end.lines + 1, end.hash, hash_of(end.lines + 1, end.hash, x)};
}

chain_walk::chain_walk(std::optional<chain_end> anchor) : end_{empty_chain()}, anchor_{std::move(anchor)} {}

std::optional<damage> chain_walk::next(const entry& x, const seal& claimed) {
  const auto expected = end_.lines + 1;
  if (claimed.seq > expected)
    return damage{expected, x.id,
                  (claimed.seq == expected + 1
                       ? line(expected) + " is missing"
                       : "lines " + std::to_string(expected) + " to " + std::to_string(claimed.seq - 1) + " are missing") +
                      ": removed"};
  if (claimed.seq < expected)
    return damage{claimed.seq, x.id, line(claimed.seq) + " is there more than once: inserted"};
  const auto right = seal_behind(end_, x);
  if (claimed.previous_hash != right.previous_hash)
    return damage{expected, x.id, line(expected) + " does not carry the hash of the line before: one of the two was replaced"};
  if (claimed.hash != right.hash)
    return damage{expected, x.id, line(expected) + " is not what was sealed: changed"};
  end_ = {expected, right.hash};
  if (last_at_ && x.at < *last_at_ - late_line_max)
    return damage{expected, x.id,
                  line(expected) + " is of " + to_rfc3339(x.at) + ", and the line before it of " + to_rfc3339(*last_at_) +
                      ": inserted later, or a clock was wrong"};
  last_at_ = x.at;
  if (anchor_ && anchor_->lines == expected && anchor_->hash != right.hash)
    return damage{expected, x.id,
                  line(expected) + " has another hash than the one that was written down: the chain was made anew"};
  return std::nullopt;
}

std::optional<damage> chain_walk::finish(const chain_end& head) const {
  if (head.lines > end_.lines)
    return damage{end_.lines + 1, 0,
                  "the chain ends with " + line(end_.lines) + ", and its head names " + line(head.lines) +
                      ": the last ones were removed"};
  if (head.lines < end_.lines)
    return damage{head.lines + 1, 0,
                  "the chain goes on behind its head's " + line(head.lines) + ": inserted, or the head was changed"};
  if (head.hash != end_.hash)
    return damage{end_.lines, 0, "the head names another hash than that of " + line(end_.lines) + ": changed"};
  if (anchor_ && anchor_->lines > end_.lines)
    return damage{end_.lines + 1, 0, "the chain is shorter than the one that was written down: the last lines were removed"};
  return std::nullopt;
}

std::string print_anchor(const chain_end& x) {
  return std::to_string(x.lines) + ":" + to_hex(x.hash);
}

std::optional<chain_end> parse_anchor(std::string_view text) {
  auto out = chain_end{};
  const auto* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, out.lines);
  if (number.ec != std::errc{} || out.lines < 0 || number.ptr == end || *number.ptr != ':')
    return std::nullopt;
  const auto hex = std::string_view{number.ptr + 1, end};
  if (hex.size() != 2 * hash_bytes)
    return std::nullopt;
  for (auto i = std::size_t{0}; i < hex.size(); i += 2) {
    auto byte = 0u;
    const auto digits = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (digits.ec != std::errc{} || digits.ptr != hex.data() + i + 2)
      return std::nullopt;
    out.hash += static_cast<char>(byte);
  }
  return out;
}

} // namespace ingot::audit
