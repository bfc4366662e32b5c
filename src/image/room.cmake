# Three rooms in one folder: `image_spec` is images as text and documents, which is pure; `image` is what the static
# programs know; `unpack` is what needs the system's shared libraries.
caisson_room(image_spec FOLDER image
             SOURCES chain_id.cc change.cc containerfile.cc descriptor_json.cc digest_name.cc document.cc image_config.cc image_source.cc index.cc index_lines.cc
                     layout.cc manifest.cc policy.cc
                     manifest_kind.cc media_type.cc oci_types.cc platform.cc quoted.cc reference.cc
             KNOWS base spec LIBRARIES nlohmann_json::nlohmann_json)
caisson_unit_test(image_spec SOURCES image_change_test.cc image_containerfile_test.cc image_documents_test.cc image_index_lines_test.cc image_platform_test.cc image_policy_test.cc image_reference_test.cc KNOWS base image_spec)
# image_spec makes no system calls, as the rooms in src/explain/room.cmake.
add_test(NAME pure_image_spec COMMAND sh ${PROJECT_SOURCE_DIR}/test/unit/pure_rooms.sh $<TARGET_FILE:image_spec>)

caisson_room(image
             SOURCES beneath.cc blob_writer.cc host_platform.cc identity.cc image_store.cc layer_prune.cc layered_root.cc layers.cc owner_map.cc policy_file.cc reachable.cc report.cc
                     store_index.cc store_lock.cc store_names.cc store_prune.cc stored_image.cc synced.cc transfer_child.cc trusted.cc unfinished.cc
             KNOWS base kernel spec image_spec LIBRARIES nlohmann_json::nlohmann_json)

find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(BZip2 REQUIRED)
find_package(LibLZMA REQUIRED)
find_package(Threads REQUIRED)
find_library(ISAL_LIBRARY isal REQUIRED)
find_library(ZSTD_LIBRARY zstd REQUIRED)
caisson_room(unpack FOLDER image
             SOURCES acl.cc apply_layer.cc apply_layers.cc check_layers.cc check_store.cc compare_trees.cc compress.cc copy_up.cc cover.cc decompress.cc digest.cc directories.cc entry_name.cc
                     extract.cc fingerprint.cc gzip_file.cc layer_blob.cc layer_name.cc layer_store.cc lower_trees.cc make_layer.cc metadata.cc name_image.cc pax.cc
                     pipeline.cc progress.cc sparse.cc spool_file.cc stand_in.cc tar_header.cc tar_reader.cc unpack.cc whiteouts.cc whole_image.cc
             KNOWS base kernel spec image_spec image
             LIBRARIES OpenSSL::Crypto BZip2::BZip2 LibLZMA::LibLZMA ${ISAL_LIBRARY} ${ZSTD_LIBRARY} Threads::Threads)

caisson_unit_test(image_store SOURCES image_store_test.cc image_store_parallel_test.cc KNOWS base kernel spec image_spec image
                  LIBRARIES nlohmann_json::nlohmann_json)
caisson_unit_test(image_compare_trees SOURCES image_compare_trees_test.cc KNOWS base kernel image unpack)
caisson_unit_test(image_check_store SOURCES image_check_store_test.cc KNOWS base kernel spec image_spec image unpack
                  LIBRARIES nlohmann_json::nlohmann_json)
caisson_unit_test(image_layers SOURCES image_layers_test.cc KNOWS base kernel image_spec image)
caisson_unit_test(image_tar SOURCES image_tar_test.cc KNOWS base kernel image_spec image unpack)
caisson_unit_test(image_layer SOURCES image_layer_test.cc KNOWS base kernel image_spec image unpack)
caisson_unit_test(image_layer_model SOURCES image_layer_model_test.cc layer_model.cc KNOWS base kernel image_spec image unpack)
caisson_unit_test(image_apply_layer SOURCES image_apply_layer_test.cc KNOWS base kernel image_spec image unpack LIBRARIES ${ZSTD_LIBRARY})
caisson_unit_test(image_unpack SOURCES image_unpack_test.cc KNOWS base kernel image_spec image unpack
                  LIBRARIES BZip2::BZip2 LibLZMA::LibLZMA ${ISAL_LIBRARY} ${ZSTD_LIBRARY})

# The image store at work, for test/system/image_store.bats.
add_executable(system_image_store EXCLUDE_FROM_ALL test/system/image_store_tool.cc)
target_link_libraries(system_image_store PRIVATE caisson_flags base kernel image_spec image unpack)
add_dependencies(unit_tests system_image_store)
set_target_properties(system_image_store PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
