# What nearly every file includes is parsed once for each library. The fuzz build goes without: it finds includes that are missing.
set(INGOT_PRECOMPILED <algorithm> <array> <chrono> <functional> <map> <memory> <optional> <span> <string> <string_view> <utility>
    <variant> <vector>)
function(ingot_precompile target)
  if(NOT INGOT_FUZZ)
    target_precompile_headers(${target} PRIVATE ${INGOT_PRECOMPILED} ${ARGN})
  endif()
endfunction()

# ingot_folder(model LINK …): the library ingot_model of all model/**.cpp. A folder is a library; includes are written from the root.
function(ingot_folder folder)
  cmake_parse_arguments(arg "" "" "LINK;PRECOMPILE" ${ARGN})
  string(REPLACE "/" "_" name ingot_${folder})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_LINK})
  ingot_precompile(${name} ${arg_PRECOMPILE})
endfunction()

# ingot_tests(model LINK …): the executable test_model of all tests/model/*.cpp, each TEST_CASE a CTest test.
# PRECOMPILE <header> …: heavy ones that most of its files include, beside the usual. POSTGRES: its tests share the run's PostgreSQL (link ingot_test_postgres).
function(ingot_tests folder)
  cmake_parse_arguments(arg "POSTGRES" "TIMEOUT" "LINK;PRECOMPILE" ${ARGN})
  string(REPLACE "/" "_" name test_${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300) # for what hangs: on a busy machine, under a sanitizer, sound ones took two minutes
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ingot_test_support ${arg_LINK})
  ingot_precompile(${name} ${CMAKE_SOURCE_DIR}/tests/support/catch.hpp ${arg_PRECOMPILE})
  set(properties TIMEOUT ${arg_TIMEOUT})
  if(arg_POSTGRES)
    list(APPEND properties FIXTURES_REQUIRED postgres ENVIRONMENT INGOT_TEST_PG_FILE=${CMAKE_BINARY_DIR}/test_postgres)
  endif()
  catch_discover_tests(${name} TEST_PREFIX "${folder}: " PROPERTIES ${properties})
endfunction()
