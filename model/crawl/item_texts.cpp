#include "model/crawl/item_texts.hpp"

#include "model/json_locate.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace ingot::crawl {

namespace {

/// Finds where the elements of `items` begin and end, by brackets and quotes alone.
class item_finder {
public:
  explicit item_finder(std::string_view body) : body_{body} {}

  /// The elements' texts, views into the body; none when there is no such array.
  std::vector<std::string_view> find() {
    for (at_ = 0; at_ < body_.size() && !over_; ++at_)
      take(body_[at_]);
    return std::move(items_);
  }

private:
  static constexpr std::size_t level_of_members = 1, level_of_items = 2;

  void take(char c) {
    switch (c) {
    case '"':
      pass_string();
      break;
    case '[':
    case '{':
      ++level_;
      if (level_ == level_of_items && c == '[' && named_items_) {
        in_items_ = true;
        begin_ = at_ + 1;
      }
      break;
    case ']':
    case '}':
      if (in_items_ && level_ == level_of_items)
        end_item();
      over_ = (in_items_ && level_ == level_of_items) || level_ <= 1;
      --level_;
      break;
    case ',':
      if (in_items_ && level_ == level_of_items)
        end_item();
      else if (level_ == level_of_members)
        named_items_ = false;
      break;
    default:
      break;
    }
  }

  void pass_string() {
    const auto begin = at_ + 1;
    for (++at_; at_ < body_.size() && body_[at_] != '"'; ++at_)
      if (body_[at_] == '\\')
        ++at_;
    const auto is_name = level_ == level_of_members && !named_items_;
    if (is_name && at_ < body_.size())
      named_items_ = body_.substr(begin, at_ - begin) == "items" && followed_by_colon();
  }

  bool followed_by_colon() const {
    const auto next = body_.find_first_not_of(" \t\r\n", at_ + 1);
    return next != std::string_view::npos && body_[next] == ':';
  }

  void end_item() {
    items_.push_back(body_.substr(begin_, at_ - begin_));
    begin_ = at_ + 1;
  }

  std::string_view body_;
  std::size_t at_ = 0, level_ = 0, begin_ = 0;
  bool named_items_ = false; ///< the member that is read at the top is `items`
  bool in_items_ = false, over_ = false;
  std::vector<std::string_view> items_;
};

/// In a body of its own, so that its levels count as they do in the whole.
std::optional<failure> fault_of(std::string_view item) {
  return find_json_fault("{\"items\":[" + std::string{item} + "]}");
}

std::string pointer_in_body(const failure& why, std::size_t index) {
  constexpr auto alone = std::string_view{"/items/0"};
  const auto place = why.details.empty() ? std::string_view{} : std::string_view{why.details.front().pointer};
  return "/items/" + std::to_string(index) + std::string{place.starts_with(alone) ? place.substr(alone.size()) : ""};
}

} // namespace

sifted_body sift_items(std::string_view body) {
  auto out = sifted_body{};
  auto copied = std::size_t{0};
  auto index = std::size_t{0};
  for (const auto item : item_finder{body}.find()) {
    if (const auto why = fault_of(item); why && why->code == fault::unstorable_text) {
      const auto begin = static_cast<std::size_t>(item.data() - body.data());
      out.text += body.substr(copied, begin - copied);
      out.text += "null";
      copied = begin + item.size();
      out.errors.push_back({static_cast<std::uint32_t>(index), pointer_in_body(*why, index), to_string(why->code),
                            why->details.empty() ? why->message : why->details.front().message});
    }
    ++index;
  }
  out.text += body.substr(copied);
  return out;
}

} // namespace ingot::crawl
