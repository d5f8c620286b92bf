# cmake -DBERTH=<file> -P check_berth.cmake
# Fails unless the executable binds at load: its handler of faults must not need the loader.
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND readelf -dW ${BERTH} RESULT_VARIABLE status OUTPUT_VARIABLE dynamic)
if(NOT status EQUAL 0 OR NOT dynamic MATCHES "FLAGS.*NOW")
  message(FATAL_ERROR "${BERTH}: wanted NOW among its flags, got\n${dynamic}")
endif()
