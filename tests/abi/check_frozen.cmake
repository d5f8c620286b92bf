# cmake -DCURRENT=<sdk>/include/berth/abi.h -DFROZEN=<folder> -P check_frozen.cmake
# Fails where abi.h is not, byte for byte, what was frozen for its minor.
cmake_minimum_required(VERSION 3.25)
file(READ ${CURRENT} abi)
string(REGEX MATCH "BERTH_ABI_MAJOR ([0-9]+)u" _ "${abi}")
set(version ${CMAKE_MATCH_1})
string(REGEX MATCH "BERTH_ABI_MINOR ([0-9]+)u" _ "${abi}")
string(APPEND version .${CMAKE_MATCH_1})
if(NOT EXISTS ${FROZEN}/${version}/abi.h)
  message(FATAL_ERROR "abi.h says ${version}, and tests/abi/frozen/${version}/abi.h is missing.\n"
    "Freeze it: cp sdk/include/berth/abi.h tests/abi/frozen/${version}/abi.h")
endif()
file(READ ${FROZEN}/${version}/abi.h frozen)
if(NOT abi STREQUAL frozen)
  message(FATAL_ERROR
    "sdk/include/berth/abi.h differs from tests/abi/frozen/${version}/abi.h.\n"
    "  Only comments changed: copy it over the frozen one.\n"
    "  Anything else, before 1.0: raise BERTH_ABI_MINOR and the two texts in note.h, and freeze the\n"
    "  new one in a folder of its own. Hosts refuse plugins of the old minor, so nobody is misled.\n"
    "  Anything else, from 1.0 on: append to the end of a table and raise the minor. What a released\n"
    "  member is or means never changes; plugins that were built against it are out there.\n"
    "  The rules are in sdk/ABI.md.")
endif()
