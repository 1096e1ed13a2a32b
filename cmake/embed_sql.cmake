# embed_sql(target folder): builds every folder/NNNN_name.sql into `target`, as the definition of
# ingot::storage::all_migrations() (storage/migrations.hpp). The numbers must run from 1 without a gap.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  function(embed_sql target folder)
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.sql)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${target}_sql.cpp)
    set(script ${CMAKE_SOURCE_DIR}/cmake/embed_sql.cmake)
    add_custom_command(
      OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DFOLDER=${CMAKE_SOURCE_DIR}/${folder} -P ${script}
      DEPENDS ${script} ${files}
      COMMENT "Embedding ${folder}/*.sql")
    target_sources(${target} PRIVATE ${output})
  endfunction()
  return()
endif()

file(GLOB files ${FOLDER}/*.sql)
list(SORT files)
set(rows "")
set(count 0)
foreach(file IN LISTS files)
  get_filename_component(stem ${file} NAME_WE)
  math(EXPR count "${count} + 1")
  if(NOT stem MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
    message(FATAL_ERROR "${file}: a migration is named NNNN_name.sql")
  endif()
  set(name ${CMAKE_MATCH_2})
  string(REGEX REPLACE "^0+" "" version ${CMAKE_MATCH_1})
  if(NOT version STREQUAL count)
    message(FATAL_ERROR "${file}: the next migration has number ${count}")
  endif()
  file(READ ${file} sql)
  string(FIND "${sql}" ")sql\"" terminator)
  if(NOT terminator EQUAL -1)
    message(FATAL_ERROR "${file}: holds the end of a C++ raw string")
  endif()
  string(APPEND rows "    {${version}, \"${name}\", R\"sql(${sql})sql\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"storage/migrations.hpp\"

#include <array>

namespace ingot::storage {

std::span<const migration> all_migrations() {
  static constexpr std::array<migration, ${count}> migrations{{
${rows}  }};
  return migrations;
}

} // namespace ingot::storage
")
