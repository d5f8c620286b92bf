# cmake -DCURRENT=<sdk>/include/berth -DFROZEN=<folder> -P check_frozen.cmake
# Fails where abi.h or abi_facets.h is not, byte for byte, what was frozen for its minor.
cmake_minimum_required(VERSION 3.25)
file(READ ${CURRENT}/abi.h abi)
string(REGEX MATCH "BERTH_ABI_MAJOR ([0-9]+)u" _ "${abi}")
set(version ${CMAKE_MATCH_1})
string(REGEX MATCH "BERTH_ABI_MINOR ([0-9]+)u" _ "${abi}")
string(APPEND version .${CMAKE_MATCH_1})
foreach(header abi.h abi_facets.h)
  set(frozen_file tests/abi/frozen/${version}/berth/${header})
  if(NOT EXISTS ${FROZEN}/${version}/berth/${header})
    message(FATAL_ERROR "abi.h says ${version}, and ${frozen_file} is missing.\n"
      "Freeze it: cp sdk/include/berth/${header} ${frozen_file}")
  endif()
  file(READ ${CURRENT}/${header} current)
  file(READ ${FROZEN}/${version}/berth/${header} frozen)
  if(NOT current STREQUAL frozen)
    message(FATAL_ERROR
      "sdk/include/berth/${header} differs from ${frozen_file}.\n"
      "  Only comments changed, or this minor was never released: copy it over the frozen one.\n"
      "  Anything else, before 1.0: raise BERTH_ABI_MINOR and the two texts in note.h, and freeze the\n"
      "  new one in a folder of its own. Hosts refuse plugins of the old minor, so nobody is misled.\n"
      "  Anything else, from 1.0 on: append to the end of a table and raise the minor. What a released\n"
      "  member is or means never changes; plugins that were built against it are out there.\n"
      "  The rules are in sdk/ABI.md.")
  endif()
endforeach()
