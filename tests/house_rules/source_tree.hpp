#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace house_rules {

/// One file of the repository.
struct source {
  std::string path; ///< from the repository's root, with `/`
  std::string text;
};

/// All files of the tree that people write: not build/, .git/, data/, node_modules/ and files over 4 MB.
std::vector<source> read_tree();

/// Only C++ sources (.cpp, .hpp).
bool is_cpp(const source& x);

/// One #include line.
struct include {
  int line = 0;
  bool quoted = false; ///< "…" rather than <…>
  std::string target;
};
std::vector<include> includes_of(const source& x);

/// C++ text split into what runs and what is quoted: `code` has comments and the contents of literals taken out, `literals` holds
/// each literal's content (adjacent ones joined).
struct lexed {
  std::string code;
  std::vector<std::string> literals;
};
lexed lex(std::string_view cpp);

} // namespace house_rules
