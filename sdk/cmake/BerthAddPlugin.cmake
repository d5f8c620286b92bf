# berth_add_plugin(<name> VERSION <x.y.z> [KINDS <kind>...] [MIDDLEWARE <kind>...]
#                  [GIT <revision>] SOURCES <file>...)
#
# Adds the module <name>.so, a plugin that a host accepts, lists and can unload again:
#   - the ELF note with name, version, kinds and compiler (berth/note.h), compiled with the flags of
#     the sources, so that it tells the truth about sanitizers;
#   - one export, berth_plugin_v0, and nothing undefined;
#   - no STB_GNU_UNIQUE symbols: g++ gives that binding to statics of inline functions and templates;
#     two generations would share them, and dlclose() would do nothing.
# KINDS are the handlers in BERTH_PLUGIN(), MIDDLEWARE the middleware, each in its order, which
# checks them. It is written to
# CMAKE_LIBRARY_OUTPUT_DIRECTORY, by default <build>/plugins. Plugins all in C need no C++.
#
# berth_add_plugin_test(<name> PLUGIN <plugin> SOURCES <file>... [LIBRARIES <target>...])
#
# Adds a program of these sources and those of the plugin, with the plugin's definitions, and runs
# it as a test: berth/testing.hpp needs no server and no .so.

function(berth_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "VERSION;GIT" "KINDS;MIDDLEWARE;SOURCES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "berth_add_plugin(${name}): what is \"${arg_UNPARSED_ARGUMENTS}\"? "
      "It takes VERSION, KINDS, MIDDLEWARE, GIT and SOURCES")
  endif()
  if(NOT name MATCHES "^[a-z][a-z0-9_]*$")
    message(FATAL_ERROR "berth_add_plugin(${name}): a name is lower case letters, digits and _")
  endif()
  if(NOT arg_VERSION MATCHES "^[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]*)?$")
    message(FATAL_ERROR "berth_add_plugin(${name}): VERSION is \"${arg_VERSION}\", not like 1.2.3")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "berth_add_plugin(${name}): no SOURCES")
  endif()

  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/berth-plugin.map)
  set(language C)
  foreach(source IN LISTS arg_SOURCES)
    if(NOT source MATCHES "\\.[ch]$")
      set(language CXX)
    endif()
  endforeach()
  string(REPLACE "CXX" "cpp" extension ${language})
  string(TOLOWER ${extension} extension)
  set(note ${CMAKE_CURRENT_BINARY_DIR}/${name}_note.${extension})
  file(CONFIGURE OUTPUT ${note} CONTENT "#include <berth/note.h>\n")

  set(definitions BERTH_PLUGIN_NAME="${name}" BERTH_PLUGIN_VERSION="${arg_VERSION}")
  if(arg_KINDS)
    list(JOIN arg_KINDS "," kinds)
    list(APPEND definitions BERTH_PLUGIN_KINDS="${kinds}")
  endif()
  if(arg_MIDDLEWARE)
    list(JOIN arg_MIDDLEWARE "," kinds)
    list(APPEND definitions BERTH_PLUGIN_MIDDLEWARE="${kinds}")
  endif()
  if(arg_GIT)
    list(APPEND definitions BERTH_PLUGIN_GIT="${arg_GIT}")
  endif()

  add_library(${name} MODULE ${arg_SOURCES} ${note})
  target_link_libraries(${name} PRIVATE Berth::sdk)
  target_compile_definitions(${name} PRIVATE ${definitions})
  if(language STREQUAL "CXX")
    target_compile_features(${name} PRIVATE cxx_std_20)
  endif()
  set_target_properties(${name} PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS ${map}
    BERTH_PLUGIN_SOURCES "${arg_SOURCES}" BERTH_PLUGIN_DEFINITIONS "${definitions}"
    BERTH_PLUGIN_FOLDER ${CMAKE_CURRENT_SOURCE_DIR})
  if(NOT CMAKE_LIBRARY_OUTPUT_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  endif()
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  target_link_options(${name} PRIVATE LINKER:--version-script=${map} LINKER:-z,now
    LINKER:--build-id=sha1)
  # clang leaves the sanitizer's own symbols to the program, so its plugins have undefined ones.
  get_directory_property(options COMPILE_OPTIONS)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  set(flags "${CMAKE_${language}_FLAGS} ${CMAKE_${language}_FLAGS_${type}} ${options}")
  if(NOT (CMAKE_${language}_COMPILER_ID MATCHES "Clang" AND flags MATCHES "-fsanitize="))
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
endfunction()

function(berth_add_plugin_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PLUGIN" "SOURCES;LIBRARIES")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "berth_add_plugin_test(${name}) takes PLUGIN, SOURCES and LIBRARIES")
  endif()
  if(NOT TARGET "${arg_PLUGIN}")
    message(FATAL_ERROR "berth_add_plugin_test(${name}): no plugin \"${arg_PLUGIN}\" was added")
  endif()
  get_target_property(sources ${arg_PLUGIN} BERTH_PLUGIN_SOURCES)
  get_target_property(definitions ${arg_PLUGIN} BERTH_PLUGIN_DEFINITIONS)
  get_target_property(folder ${arg_PLUGIN} BERTH_PLUGIN_FOLDER)
  list(TRANSFORM sources PREPEND ${folder}/ REGEX "^[^/]")
  add_executable(${name} ${arg_SOURCES} ${sources})
  target_link_libraries(${name} PRIVATE Berth::sdk ${arg_LIBRARIES})
  target_compile_definitions(${name} PRIVATE ${definitions})
  target_compile_features(${name} PRIVATE cxx_std_20)
  add_test(NAME ${name} COMMAND ${name})
endfunction()
