# embed_schemas(target folder): builds every folder/YYYY-MM-DD.json into `target`, as the definition of
# ingot::mcp::published_schemas() (model/mcp/published_schemas.hpp), ascending.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  function(embed_schemas target folder)
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.json)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${target}_schemas.cpp)
    set(script ${CMAKE_SOURCE_DIR}/cmake/embed_schemas.cmake)
    add_custom_command(
      OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DFOLDER=${CMAKE_SOURCE_DIR}/${folder} -P ${script}
      DEPENDS ${script} ${files}
      COMMENT "Embedding ${folder}/*.json")
    target_sources(${target} PRIVATE ${output})
  endfunction()
  return()
endif()

file(GLOB files ${FOLDER}/*.json)
list(SORT files)
list(LENGTH files count)
set(rows "")
foreach(file IN LISTS files)
  get_filename_component(version ${file} NAME_WE)
  if(NOT version MATCHES "^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$")
    message(FATAL_ERROR "${file}: a schema is named by the date of its version")
  endif()
  file(READ ${file} text)
  string(FIND "${text}" ")schema\"" terminator)
  if(NOT terminator EQUAL -1)
    message(FATAL_ERROR "${file}: holds the end of a C++ raw string")
  endif()
  string(APPEND rows "    {\"${version}\", R\"schema(${text})schema\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"model/mcp/published_schemas.hpp\"

#include <array>

namespace ingot::mcp {

std::span<const published_schema> published_schemas() {
  static constexpr std::array<published_schema, ${count}> schemas{{
${rows}  }};
  return schemas;
}

} // namespace ingot::mcp
")
