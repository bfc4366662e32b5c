# The generator of systemd's units, below libexec with a link where systemd looks for it.
caisson_program(generator LIBEXEC SOURCES programs/generator/main.cc programs/generator/sources.cc
                KNOWS units options command_line compose network_text image_spec spec seccomp kernel base)
set(generator_links ${PROJECT_BINARY_DIR}/generators)
foreach(scope system user)
  file(MAKE_DIRECTORY ${generator_links}/${scope}-generators)
  file(CREATE_LINK ../../../${CMAKE_INSTALL_LIBEXECDIR}/caisson/generator ${generator_links}/${scope}-generators/caisson-generator SYMBOLIC)
endforeach()
install(DIRECTORY ${generator_links}/ DESTINATION lib/systemd)

# Containers whose restart policy says so start with a boot where this is enabled.
set(CAISSON_PROGRAM ${CMAKE_INSTALL_FULL_BINDIR}/caisson)
foreach(scope system user)
  configure_file(programs/generator/caisson-restart.${scope}.in ${PROJECT_BINARY_DIR}/units/${scope}/caisson-restart.service @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/units/${scope}/caisson-restart.service DESTINATION lib/systemd/${scope})
endforeach()
