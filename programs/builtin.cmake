# The root filesystem that needs no download: `caisson run builtin:busybox`.
find_program(BUSYBOX busybox REQUIRED)
set(builtin ${PROJECT_BINARY_DIR}/share/caisson/busybox.tar.gz)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/caisson)
add_custom_command(OUTPUT ${builtin}
                   COMMAND ${PROJECT_SOURCE_DIR}/programs/builtin/pack ${BUSYBOX} ${builtin}
                   DEPENDS ${PROJECT_SOURCE_DIR}/programs/builtin/pack ${BUSYBOX}
                   COMMENT "Packing the built-in root filesystem"
                   VERBATIM)
add_custom_target(builtin ALL DEPENDS ${builtin})
install(FILES ${builtin} DESTINATION ${CMAKE_INSTALL_DATADIR}/caisson)
