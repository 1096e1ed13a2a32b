# ccache and a fast linker when present; warnings for everything.
find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need these (ccache manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-fpch-preprocess)
  endif()
endif()
find_program(MOLD mold)
find_program(LLD ld.lld)
if(MOLD)
  add_link_options(-fuse-ld=mold)
elseif(LLD)
  add_link_options(-fuse-ld=lld)
endif()
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  add_compile_options(-Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow) # false positives of g++ 12 at -O2 in std::variant and std::string
  if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    add_compile_options(-Wno-stringop-overread) # of g++ 14 where a std::vector is copied
  endif()
endif()
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  set(INGOT_SANITIZED ON) # slower, so it goes without what tells nothing more under a sanitizer
endif()
option(INGOT_WERROR "warnings are errors" OFF)
if(INGOT_WERROR)
  add_compile_options(-Werror)
endif()
