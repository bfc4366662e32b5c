# A room is a folder of src/ with one library, and the list of rooms it may know. Headers are included as
# "room/name.h"; the include path of a room holds only the rooms it knows, so an arrow that is not listed does not build.

macro(caisson_existing list) # WIP
  set(existing) # WIP
  foreach(file ${${list}}) # WIP
    if(EXISTS ${PROJECT_SOURCE_DIR}/${file}) # WIP
      list(APPEND existing ${file}) # WIP
    endif() # WIP
  endforeach() # WIP
  set(${list} ${existing}) # WIP
endmacro() # WIP

function(caisson_room name)
  cmake_parse_arguments(ROOM "" "FOLDER" "SOURCES;KNOWS;LIBRARIES" ${ARGN})
  if(NOT ROOM_FOLDER)
    set(ROOM_FOLDER ${name})
  endif()
  set(entrance ${PROJECT_BINARY_DIR}/rooms/${ROOM_FOLDER})
  file(MAKE_DIRECTORY ${entrance})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${ROOM_FOLDER} ${entrance}/${ROOM_FOLDER} SYMBOLIC)
  if(NOT ROOM_SOURCES)  # headers alone
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${entrance})
    return()
  endif()
  list(TRANSFORM ROOM_SOURCES PREPEND src/${ROOM_FOLDER}/)
  caisson_existing(ROOM_SOURCES) # WIP
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_include_directories(${name} PUBLIC ${entrance})
  target_link_libraries(${name} PRIVATE caisson_flags ${ROOM_KNOWS} ${ROOM_LIBRARIES})
endfunction()

# A program of this project: src/programs/<name>.cc or several sources, the rooms it knows, static unless DYNAMIC.
function(caisson_program name)
  cmake_parse_arguments(PROGRAM "DYNAMIC;LIBEXEC" "" "SOURCES;KNOWS;LIBRARIES" ${ARGN})
  add_executable(${name} ${PROGRAM_SOURCES})
  target_link_libraries(${name} PRIVATE caisson_flags ${PROGRAM_KNOWS} ${PROGRAM_LIBRARIES})
  if(NOT PROGRAM_DYNAMIC AND NOT CAISSON_SANITIZE)
    target_link_options(${name} PRIVATE -static)
  endif()
  if(PROGRAM_LIBEXEC)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/libexec/caisson)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/caisson)
  else()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endfunction()

# Unit tests of one room: test/unit/<name>_test.cc.
function(caisson_unit_test name)
  cmake_parse_arguments(UNIT "" "" "SOURCES;KNOWS;LIBRARIES" ${ARGN})
  list(TRANSFORM UNIT_SOURCES PREPEND test/unit/)
  caisson_existing(UNIT_SOURCES) # WIP
  if(NOT UNIT_SOURCES) # WIP
    return() # WIP
  endif() # WIP
  add_executable(unit_${name} EXCLUDE_FROM_ALL ${UNIT_SOURCES})
  target_link_libraries(unit_${name} PRIVATE caisson_flags ${UNIT_KNOWS} ${UNIT_LIBRARIES} GTest::gmock GTest::gtest_main)
  target_include_directories(unit_${name} PRIVATE test/unit)
  target_compile_options(unit_${name} PRIVATE -Wno-missing-field-initializers)  # tables leave out what a row is not about
  set_target_properties(unit_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
  add_dependencies(unit_tests unit_${name})
  add_test(NAME ${name} COMMAND unit_${name})
endfunction()
