# Each program has a file of its own beside this one.
file(GLOB programs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/programs/*.cmake)
list(REMOVE_ITEM programs ${CMAKE_CURRENT_LIST_FILE})
foreach(program ${programs})
  include(${program})
endforeach()
