#include "model/contents/tree_hash.hpp"

namespace ingot::contents {

void tree_hash::append(std::string& entries, std::string_view mode, std::string_view name, const object_id& id) {
  entries += mode;
  entries += ' ';
  entries += name;
  entries += '\0';
  for (const auto byte : id.bytes())
    entries += static_cast<char>(byte);
}

void tree_hash::close_folder() {
  const auto closed = std::move(open_.back());
  open_.pop_back();
  append(open_.back().entries, "40000", closed.name, id_of_tree(closed.entries));
}

bool tree_hash::add(const tree_entry& x) {
  if (x.path.empty() || (!last_.empty() && x.path <= last_))
    return false;
  last_ = x.path;
  auto rest = std::string_view{x.path};
  auto depth = std::size_t{1}; // of open_ that is on the way to x
  for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
    const auto name = rest.substr(0, slash);
    if (name.empty())
      return false;
    if (depth < open_.size() && open_[depth].name != name)
      while (open_.size() > depth)
        close_folder();
    if (depth == open_.size())
      open_.push_back({std::string{name}, {}});
    ++depth;
    rest.remove_prefix(slash + 1);
  }
  while (open_.size() > depth)
    close_folder();
  if (rest.empty())
    return false;
  append(open_.back().entries, to_string(x.mode), rest, x.id);
  return true;
}

object_id tree_hash::finish() {
  while (open_.size() > 1)
    close_folder();
  return id_of_tree(open_.back().entries);
}

} // namespace ingot::contents
