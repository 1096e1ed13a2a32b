#include "model/contents/content_kind.hpp"
#include "tests/support/catch.hpp"

#include <string>

using ingot::contents::classify;

namespace {

ingot::contents::content_kind kind_of(std::string_view path, std::string_view content = "text\n") {
  return classify(path, content, content.size());
}

std::string pointer(std::string_view size = "12345") {
  return "version https://git-lfs.github.com/spec/v1\n"
         "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
         "size " +
         std::string{size} + "\n";
}

} // namespace

TEST_CASE("a file's name tells its type and language") {
  struct row {
    std::string_view path, mime_type, language;
  };
  for (const auto& x :
       {row{"a/b.py", "text/x-python", "Python"}, row{"A.PHP", "text/x-php", "PHP"}, row{"web/x.module", "text/x-php", "PHP"},
        row{"Dockerfile", "text/x-dockerfile", "Dockerfile"}, row{"src/CMakeLists.txt", "text/x-cmake", "CMake"},
        row{"composer.lock", "application/json", "JSON"}, row{"a.b/Makefile", "text/x-makefile", "Makefile"},
        row{"x.tar.gz", "application/gzip", ""}, row{".gitignore", "text/plain", "Git Config"}, row{"logo.png", "image/png", ""},
        row{"README", "text/plain", "Text"}, row{"no.such_extension", "text/plain", ""}, row{"", "text/plain", ""},
        row{"a/", "text/plain", ""}, row{"a.py/b", "text/plain", ""}}) {
    INFO(x.path);
    const auto kind = kind_of(x.path);
    CHECK(kind.mime_type == x.mime_type);
    CHECK(kind.language.value_or("") == x.language);
    CHECK_FALSE(kind.is_binary);
  }
}

TEST_CASE("a script without an extension is known by its interpreter") {
  CHECK(kind_of("bin/run", "#!/usr/bin/env python3\n").language == "Python");
  CHECK(kind_of("bin/run", "#!/usr/bin/env -S A=b python3.11 -u\n").language == "Python");
  CHECK(kind_of("bin/run", "#! /bin/sh -e\n").language == "Shell");
  CHECK(kind_of("bin/run", "#!/usr/bin/env node").language == "JavaScript");
  CHECK(kind_of("bin/run.rb", "#!/bin/sh\n").language == "Ruby");
  for (const auto* odd : {"#!", "#!\n", "#! \n", "#!/usr/bin/env\n", "#!-\n", "#!123\n", "#", "#!/"})
    CHECK_FALSE(kind_of("bin/run", odd).language);
  CHECK_FALSE(kind_of("bin/run", "#!" + std::string(9'000, 'x')).language);
}

TEST_CASE("content with a NUL among its first 8,000 bytes is binary, as git has it") {
  auto bytes = std::string(8'000, 'x');
  bytes[7'999] = '\0';
  CHECK(kind_of("a.txt", bytes).is_binary);
  CHECK_FALSE(kind_of("a.txt", std::string(8'000, 'x') + '\0').is_binary);
  CHECK_FALSE(kind_of("a.png", "\x89PNG").is_binary);
  const auto code = kind_of("a.py", std::string_view{"x\0y", 3});
  CHECK(code.mime_type == "application/octet-stream");
  CHECK_FALSE(code.language);
  CHECK(kind_of("a.png", std::string_view{"\x89PNG\0", 5}).mime_type == "image/png");
}

TEST_CASE("an LFS pointer is told from all that is almost one") {
  const auto good = kind_of("film.mp4", pointer());
  REQUIRE(good.lfs);
  CHECK(good.lfs->oid == "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393");
  CHECK(good.lfs->size == 12'345);
  CHECK(good.mime_type == "text/plain");
  const auto extended = std::string{"version https://git-lfs.github.com/spec/v1\n"
                                    "ext-0-foo sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"} +
                        pointer().substr(pointer().find("oid"));
  CHECK(kind_of("a", extended).lfs);
  CHECK(kind_of("a", pointer("18446744073709551615")).lfs);

  const auto replaced = [](std::string_view from, std::string_view to) {
    auto out = pointer();
    return out.replace(out.find(from), from.size(), to);
  };
  for (const auto& bad : {std::string{},
                          pointer() + "x",
                          pointer() + "\n",
                          pointer() + "version 1\n",
                          pointer() + "size 1\n",
                          pointer("-1"),
                          pointer(""),
                          pointer("1 "),
                          pointer("0x10"),
                          pointer("18446744073709551616"),
                          replaced("\noid", "\r\noid"),
                          replaced("4d7a", "4D7A"),
                          replaced("4d7a", "4d7"),
                          replaced("sha256", "sha512"),
                          replaced("v1\n", "v2\n"),
                          replaced("https", "http"),
                          replaced("size", "Size"),
                          replaced("oid ", "oid  "),
                          "oid sha256:x\n" + pointer(),
                          pointer().substr(0, pointer().size() - 1),
                          pointer().substr(0, 100),
                          " " + pointer(),
                          pointer() + "z " + std::string(1'024, 'x') + "\n",
                          pointer() + std::string(1, '\0')}) {
    INFO(bad);
    CHECK_FALSE(kind_of("film.mp4", bad).lfs);
  }
  // The file is larger than what was looked at: no pointer.
  CHECK_FALSE(classify("a", pointer(), pointer().size() + 1).lfs);
}
