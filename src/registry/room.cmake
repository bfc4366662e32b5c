# Two rooms in one folder: `registry_text` is what registries and the files about them say, which is pure; `registry`
# talks to them.
find_package(CURL 7.85 REQUIRED)
find_package(toml11 REQUIRED)
caisson_room(registry_text FOLDER registry
             SOURCES answer_words.cc auth_file.cc base64.cc challenge.cc registries_conf.cc resolve.cc tag_list.cc
                     token.cc
             KNOWS base image_spec LIBRARIES nlohmann_json::nlohmann_json toml11::toml11)
caisson_room(registry
             SOURCES authorization.cc blob_fetch.cc blob_upload.cc certificates.cc credential_helper.cc files.cc
                     find_credentials.cc http.cc login.cc registry_destination.cc registry_source.cc retry.cc session.cc short_names.cc
                     tags.cc url.cc
             KNOWS base kernel image_spec image unpack transport registry_text
             LIBRARIES nlohmann_json::nlohmann_json CURL::libcurl)
target_compile_definitions(registry PRIVATE CAISSON_VERSION="${PROJECT_VERSION}")

caisson_unit_test(registry_text SOURCES registry_conf_test.cc registry_text_test.cc KNOWS base image_spec registry_text)
caisson_unit_test(registry SOURCES registry_url_test.cc KNOWS base image_spec registry_text registry)
# registry_text makes no system calls, as the rooms in src/explain/room.cmake.
add_test(NAME pure_registry_text COMMAND sh ${PROJECT_SOURCE_DIR}/test/unit/pure_rooms.sh $<TARGET_FILE:registry_text>)

# Registries at work, for test/system/registry.bats.
add_executable(system_registry EXCLUDE_FROM_ALL test/system/registry_tool.cc)
target_link_libraries(system_registry PRIVATE caisson_flags base kernel spec image_spec image unpack transport registry_text registry)
add_dependencies(unit_tests system_registry)
set_target_properties(system_registry PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
