# From where images come into the store, and where they go from there: what all kinds of places have in common. The
# places themselves are rooms of their own (registry, archive), which know this one's interfaces.
caisson_room(transport SOURCES board.cc crew.cc deliver.cc fetch.cc fetch_blob.cc import.cc put_image.cc
             KNOWS base kernel image_spec image unpack LIBRARIES Threads::Threads)
caisson_unit_test(transport SOURCES transport_test.cc KNOWS base kernel spec image_spec image unpack transport
                  LIBRARIES nlohmann_json::nlohmann_json)
