# Manual pages and completions, from the tables of the command line. `manual` itself is not installed.
add_executable(manual programs/manual/main.cc)
target_link_libraries(manual PRIVATE caisson_flags cli engine options command_line compose runtime execute explain plan cgroup cgroup_conversion
                      image image_spec keeper terminal host spec kernel base)
set_target_properties(manual PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/build)

string(TIMESTAMP manual_date "%Y-%m-%d" UTC)  # of the configuring; SOURCE_DATE_EPOCH decides, where it is set
set(manual_pages ${PROJECT_BINARY_DIR}/share/man)
set(completions ${PROJECT_BINARY_DIR}/share/completions)
add_custom_command(OUTPUT ${manual_pages}/made
                   COMMAND ${CMAKE_COMMAND} -E rm -rf ${manual_pages}
                   COMMAND manual ${manual_pages}/man1 ${PROJECT_VERSION} ${manual_date}
                   COMMAND ${CMAKE_COMMAND} -E make_directory ${manual_pages}/man8
                   COMMAND sh ${PROJECT_SOURCE_DIR}/programs/manual/oci_page.sh $<TARGET_FILE:caisson-oci> ${PROJECT_VERSION} ${manual_date}
                           > ${manual_pages}/man8/caisson-oci.8
                   COMMAND ${CMAKE_COMMAND} -E touch ${manual_pages}/made
                   DEPENDS manual caisson-oci ${PROJECT_SOURCE_DIR}/programs/manual/oci_page.sh
                   COMMENT "Making the manual pages"
                   VERBATIM)
add_custom_command(OUTPUT ${completions}/made
                   COMMAND ${CMAKE_COMMAND} -E make_directory ${completions}
                   COMMAND caisson completion bash > ${completions}/caisson
                   COMMAND caisson completion zsh > ${completions}/_caisson
                   COMMAND caisson completion fish > ${completions}/caisson.fish
                   COMMAND ${CMAKE_COMMAND} -E touch ${completions}/made
                   DEPENDS caisson
                   COMMENT "Making the completions"
                   VERBATIM)
add_custom_target(documents ALL DEPENDS ${manual_pages}/made ${completions}/made)

install(DIRECTORY ${manual_pages}/man1 ${manual_pages}/man8 DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES ${completions}/caisson DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${completions}/_caisson DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${completions}/caisson.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
