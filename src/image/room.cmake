# Two rooms in one folder: `image` is what the static programs know, `unpack` is what needs the system's shared libraries.
caisson_room(image SOURCES beneath.cc identity.cc layers.cc owner_map.cc report.cc transfer_child.cc unfinished.cc KNOWS base kernel)

find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(BZip2 REQUIRED)
find_package(LibLZMA REQUIRED)
find_package(Threads REQUIRED)
find_library(ISAL_LIBRARY isal REQUIRED)
find_library(ZSTD_LIBRARY zstd REQUIRED)
caisson_room(unpack FOLDER image
             SOURCES acl.cc apply_layer.cc chain_id.cc copy_up.cc cover.cc decompress.cc digest.cc directories.cc entry_name.cc
                     extract.cc fingerprint.cc layer_name.cc layer_store.cc lower_trees.cc make_layer.cc metadata.cc pax.cc
                     pipeline.cc progress.cc sparse.cc tar_header.cc tar_reader.cc unpack.cc whiteouts.cc
             KNOWS base kernel image
             LIBRARIES OpenSSL::Crypto BZip2::BZip2 LibLZMA::LibLZMA ${ISAL_LIBRARY} ${ZSTD_LIBRARY} Threads::Threads)

caisson_unit_test(image_layers SOURCES image_layers_test.cc KNOWS base kernel image)
caisson_unit_test(image_tar SOURCES image_tar_test.cc KNOWS base kernel image unpack)
caisson_unit_test(image_layer SOURCES image_layer_test.cc KNOWS base kernel image unpack)
caisson_unit_test(image_layer_model SOURCES image_layer_model_test.cc layer_model.cc KNOWS base kernel image unpack)
caisson_unit_test(image_apply_layer SOURCES image_apply_layer_test.cc KNOWS base kernel image unpack LIBRARIES ${ZSTD_LIBRARY})
caisson_unit_test(image_unpack SOURCES image_unpack_test.cc KNOWS base kernel image unpack
                  LIBRARIES BZip2::BZip2 LibLZMA::LibLZMA ${ISAL_LIBRARY} ${ZSTD_LIBRARY})
