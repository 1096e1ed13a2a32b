#pragma once

#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

/// Standard error goes to a temporary file while it lives.
class captured_stderr {
public:
  captured_stderr() : file_{std::tmpfile()}, before_{::dup(2)} { ::dup2(::fileno(file_), 2); }
  ~captured_stderr() {
    ::dup2(before_, 2);
    ::close(before_);
    std::fclose(file_);
  }
  captured_stderr(const captured_stderr&) = delete;
  captured_stderr& operator=(const captured_stderr&) = delete;

  std::string text() const {
    std::string out;
    char buffer[4096];
    for (off_t at = 0;; at += static_cast<off_t>(sizeof buffer)) {
      auto count = ::pread(::fileno(file_), buffer, sizeof buffer, at);
      if (count <= 0)
        return out;
      out.append(buffer, static_cast<std::size_t>(count));
    }
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    std::string all = text();
    for (std::size_t from = 0, to = 0; (to = all.find('\n', from)) != std::string::npos; from = to + 1)
      out.push_back(all.substr(from, to - from));
    return out;
  }

private:
  std::FILE* file_;
  int before_;
};
