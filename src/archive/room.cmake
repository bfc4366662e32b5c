# Images in archives, layouts and directories, read and written; and trees written as archives. Known by
# libexec/caisson/transfer alone.
caisson_room(archive
             SOURCES archive_file.cc archive_target.cc contents.cc destinations.cc directory_destination.cc directory_target.cc
                     docker_archive.cc docker_destination.cc docker_image.cc files.cc files_source.cc layout_contents.cc layout_destination.cc
                     layout_lines.cc member_index.cc old_docker_archive.cc output_file.cc tar_writer.cc tree_access.cc tree_writer.cc
             KNOWS base kernel spec image_spec image unpack transport LIBRARIES nlohmann_json::nlohmann_json)
caisson_unit_test(archive SOURCES archive_test.cc KNOWS base kernel spec image_spec image unpack archive LIBRARIES nlohmann_json::nlohmann_json)

# Archives and layouts at work, for test/system/archives.bats.
add_executable(system_archive EXCLUDE_FROM_ALL test/system/archive_tool.cc)
target_link_libraries(system_archive PRIVATE caisson_flags base kernel image_spec image unpack transport archive)
add_dependencies(unit_tests system_archive)
set_target_properties(system_archive PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
