# Every library, found once. What ships no CMake config gets an imported target here.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(simdjson REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
find_package(pugixml REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(ZLIB REQUIRED)
find_package(LibArchive REQUIRED)

pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx libpq)
add_library(libpqxx INTERFACE)
target_include_directories(libpqxx SYSTEM INTERFACE ${PQXX_INCLUDE_DIRS})
target_link_libraries(libpqxx INTERFACE PkgConfig::PQXX)

pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
add_library(zstd::zstd ALIAS PkgConfig::ZSTD)

pkg_check_modules(JWT REQUIRED IMPORTED_TARGET libjwt)
add_library(libjwt ALIAS PkgConfig::JWT)
pkg_check_modules(GIT2 REQUIRED IMPORTED_TARGET libgit2)
add_library(libgit2 ALIAS PkgConfig::GIT2)
find_library(RE2_LIBRARY re2 REQUIRED)
add_library(re2 INTERFACE)
target_link_libraries(re2 INTERFACE ${RE2_LIBRARY} Threads::Threads)

# Time zones. The package's target would put its definitions on every file of the tree.
find_library(DATE_TZ_LIBRARY date-tz REQUIRED)
set(DATE_TZ_DEFINITIONS USE_OS_TZDB=1 AUTO_DOWNLOAD=0 HAS_REMOTE_API=0)

# Debian's libcmark-gfm-extensions-dev ships no .pc.
pkg_check_modules(CMARK REQUIRED IMPORTED_TARGET libcmark-gfm)
find_library(CMARK_EXTENSIONS_LIBRARY cmark-gfm-extensions REQUIRED)
add_library(libcmark INTERFACE)
target_link_libraries(libcmark INTERFACE ${CMARK_EXTENSIONS_LIBRARY} PkgConfig::CMARK)

pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
add_library(libargon2 ALIAS PkgConfig::ARGON2)

add_library(beast INTERFACE)
target_link_libraries(beast INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(beast INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT=1)

# Debian's libcaf-dev ships neither CMake config nor .pc.
find_path(CAF_INCLUDE_DIR caf/all.hpp REQUIRED)
find_library(CAF_CORE_LIBRARY caf_core REQUIRED)
add_library(CAF::core UNKNOWN IMPORTED)
set_target_properties(CAF::core PROPERTIES IMPORTED_LOCATION ${CAF_CORE_LIBRARY} INTERFACE_LINK_LIBRARIES Threads::Threads)
target_include_directories(CAF::core SYSTEM INTERFACE ${CAF_INCLUDE_DIR})
