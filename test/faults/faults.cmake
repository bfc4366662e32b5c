# The injector of faults, for test/faults/sweep.py. The names of system calls are those of the compiler's headers.
execute_process(COMMAND ${CMAKE_CXX_COMPILER} -E -dM -include sys/syscall.h -x c /dev/null OUTPUT_VARIABLE macros)
string(REGEX MATCHALL "#define SYS_[a-z0-9_]+" macros "${macros}")
list(TRANSFORM macros REPLACE "#define SYS_(.*)" "{SYS_\\1, \"\\1\"},\n")
list(JOIN macros "" rows)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/test/generated/call_names.inc CONTENT "${rows}")

add_executable(inject EXCLUDE_FROM_ALL test/faults/inject.cc)
target_include_directories(inject PRIVATE ${PROJECT_BINARY_DIR}/test/generated)
target_link_libraries(inject PRIVATE caisson_flags)
set_target_properties(inject PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
add_dependencies(unit_tests inject)
