# cmake -DCASE=<file> -DCXX=<compiler> -DINCLUDE=<folder> -P check_nocompile.cmake
# With BAD defined the file does not compile, and the compiler says what `// says: <regex>` in it asks
# for, so that it fails for the right reason. Without, it is compiled with everything else.
cmake_minimum_required(VERSION 3.25)
file(STRINGS ${CASE} says REGEX "^// says: ")
if(NOT says)
  message(FATAL_ERROR "${CASE}: no line \"// says: <regex>\"")
endif()
string(REPLACE "// says: " "" says "${says}")
set(compile ${CXX} -std=c++20 -fsyntax-only -I${INCLUDE}
  -DBERTH_PLUGIN_NAME="case" -DBERTH_PLUGIN_VERSION="1.0.0" ${CASE})

execute_process(COMMAND ${compile} -DBAD RESULT_VARIABLE bad ERROR_VARIABLE error)
if(bad EQUAL 0)
  message(FATAL_ERROR "${CASE}: what is wrong compiles")
endif()
if(NOT error MATCHES "${says}")
  message(FATAL_ERROR "${CASE}: does not compile, but without saying \"${says}\":\n${error}")
endif()
