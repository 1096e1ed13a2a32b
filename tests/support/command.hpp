#pragma once

#include <array>
#include <cstdio>
#include <string>

/// What a shell command writes to its standard output.
inline std::string output_of(const std::string& command) {
  auto* const stream = ::popen(command.c_str(), "re");
  if (stream == nullptr)
    return "";
  auto out = std::string{};
  auto buffer = std::array<char, 4096>{};
  while (const auto got = std::fread(buffer.data(), 1, buffer.size(), stream))
    out.append(buffer.data(), got);
  ::pclose(stream);
  return out;
}
