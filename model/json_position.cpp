#include "model/json_position.hpp"

#include "model/json_text.hpp"

#include <algorithm>
#include <unordered_map>

namespace ingot {

namespace {

/// Counts lines and characters on the way through a text.
class text_cursor {
public:
  explicit text_cursor(std::string_view text) : text_(text) {}

  /// @pre `byte` is not before the one of the last call
  text_position at(std::size_t byte) {
    for (byte = std::min(byte, text_.size()); read_ < byte; ++read_) {
      if (text_[read_] == '\n')
        here_ = {here_.line + 1, 1};
      else if ((static_cast<unsigned char>(text_[read_]) & 0xC0) != 0x80)
        ++here_.column;
    }
    return here_;
  }

private:
  std::string_view text_;
  std::size_t read_ = 0;
  text_position here_;
};

/// Reads JSON value by value, and knows the pointer of each.
class pointer_walk {
public:
  using wanted_pointers = std::unordered_map<std::string_view, std::vector<std::size_t>>;

  pointer_walk(std::string_view text, wanted_pointers wanted, std::vector<text_position>& found)
      : text_(text), cursor_(text), wanted_(std::move(wanted)), found_(found) {}

  void walk() {
    while (at_ < text_.size() && !wanted_.empty()) {
      const char c = text_[at_];
      if (c == '}' || c == ']')
        close();
      else if (c == '{' || c == '[')
        open(c == '[');
      else if (c == '"')
        string();
      else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ':')
        ++at_;
      else
        word();
    }
  }

private:
  struct level {
    bool is_array = false, name_comes = true;
    std::size_t index = 0, path_size = 0;
  };

  void begin_value() {
    if (!levels_.empty()) {
      auto& here = levels_.back();
      here.name_comes = true; // after this value
      if (here.is_array) {
        path_.resize(here.path_size);
        append_pointer_token(path_, std::to_string(here.index++));
      }
    }
    if (path_.size() > pointer_bytes_max)
      return; // or a text could make it costly
    const auto at = wanted_.find(path_);
    if (at == wanted_.end())
      return;
    const auto position = cursor_.at(at_);
    for (const auto i : at->second)
      found_[i] = position;
    wanted_.erase(at);
  }

  void open(bool is_array) {
    begin_value();
    levels_.push_back({is_array, !is_array, 0, path_.size()});
    ++at_;
  }

  void close() {
    if (!levels_.empty()) {
      path_.resize(levels_.back().path_size);
      levels_.pop_back();
    }
    ++at_;
  }

  void string() {
    auto end = at_ + 1;
    while (end < text_.size() && text_[end] != '"')
      end += text_[end] == '\\' ? 2 : 1;
    end = std::min(end, text_.size());
    if (!levels_.empty() && !levels_.back().is_array && levels_.back().name_comes) {
      auto& here = levels_.back();
      here.name_comes = false;
      path_.resize(here.path_size);
      append_pointer_token(path_, unescape_json(text_.substr(at_ + 1, end - at_ - 1), text_.size()));
    } else {
      begin_value();
    }
    at_ = end + 1;
  }

  void word() {
    begin_value();
    at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
  }

  std::string_view text_;
  text_cursor cursor_;
  wanted_pointers wanted_;
  std::vector<text_position>& found_;
  std::vector<level> levels_;
  std::string path_;
  std::size_t at_ = 0;
};

} // namespace

text_position position_of(std::string_view text, std::size_t byte) {
  return text_cursor{text}.at(byte);
}

std::vector<text_position> positions_of(std::string_view text, std::span<const std::string> pointers) {
  auto found = std::vector<text_position>(pointers.size());
  auto wanted = pointer_walk::wanted_pointers{};
  for (auto i = std::size_t{0}; i < pointers.size(); ++i)
    wanted[pointers[i]].push_back(i);
  pointer_walk{text, std::move(wanted), found}.walk();
  return found;
}

} // namespace ingot
