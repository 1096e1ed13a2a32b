#include "model/base64.hpp"
#include "model/contents/content_kind.hpp"
#include "model/contents/object_id.hpp"
#include "model/email_address.hpp"
#include "model/install_state.hpp"
#include "model/ip_address.hpp"
#include "model/new_repository.hpp"
#include "model/time.hpp"
#include "model/web_url.hpp"
#include "tests/fuzz/input.hpp"

#include <string>

// Input: a byte that chooses, and a short text: a time, base64, an address, a URL, an object's id, a git branch, an LFS pointer.
// What is read is printed and read again, and says the same.

namespace {

using namespace ingot;
using fuzz::require;

void check_time(std::string_view text) {
  const auto at = parse_rfc3339(text);
  if (at)
    require(parse_rfc3339(to_rfc3339(*at)) == at);
}

void check_base64(std::string_view text) {
  require(from_base64(to_base64(text)) == text);
  if (const auto bytes = from_base64(text))
    require(to_base64(*bytes) == text);
}

void check_address(const std::string& text) {
  if (const auto x = parse_ip(text)) {
    require(parse_ip(to_text(*x)) == x && unmapped(unmapped(*x)) == unmapped(*x));
    const auto alone = parse_networks(text);
    require(alone && alone->size() == 1 && contains(alone->front(), *x));
  }
  if (const auto networks = parse_networks(text))
    for (const auto& x : *networks)
      require(x.bits <= (x.first.is_v6 ? 128u : 32u) && contains(x, x.first));
}

void check_email(std::string_view text) {
  const auto x = parse_email_address(text);
  if (!x)
    return;
  require(x->size() <= email_address_bytes_max && parse_email_address(*x) == x);
  require(email_address_key(*x) == email_address_key(text) && x->find_first_of(" \r\n<>,\"") == x->npos);
}

void check_url(const std::string& text) {
  if (find_bad_utf8(text) != std::string_view::npos)
    return;
  const auto web = is_web_url(text);
  require(!web || text.starts_with("http") || text.starts_with("HTTP") || (text[0] | 0x20) == 'h');
  require(!web || text.find_first_of(" \t\r\n\"<>\\^`{|}") == text.npos);
  if (!contents::judge_git_url(text, false))
    require(text.find('\0') == text.npos && text.find('\n') == text.npos);
}

void check_git(std::string_view text) {
  if (const auto id = contents::object_id::parse(text))
    require(contents::object_id::parse(id->hex()) == id && id->hex().size() == text.size());
  if (!contents::judge_branch(text)) // git-check-ref-format(1)
    require(!text.empty() && text.front() != '-' && text.find("..") == text.npos &&
            text.find_first_of(" ~^:?*[\\\x7f") == text.npos);
  const auto kind = contents::classify("a.bin", text.substr(0, contents::classified_bytes), text.size());
  if (kind.lfs)
    require(kind.lfs->oid.size() == 64 && kind.lfs->oid.find_first_not_of("0123456789abcdef") == std::string::npos);
  require(!kind.mime_type.empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto in = fuzz::input{data, size};
  const auto which = in.byte() % 6;
  const auto text = std::string{in.rest().substr(0, 4'096)};
  switch (which) {
  case 0:
    check_time(text);
    break;
  case 1:
    check_base64(text);
    break;
  case 2:
    check_address(text);
    break;
  case 3:
    check_email(text);
    break;
  case 4:
    check_url(text);
    break;
  default:
    check_git(text);
    if (install_token_end(text))
      require(!is_signed_for(text, "a master key of thirty-two bytes", install_purpose::link, "user"));
  }
  return 0;
}
