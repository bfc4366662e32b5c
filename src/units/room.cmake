# Files of systemd about containers: text made of text.
caisson_room(units SOURCES container_keys.cc quadlet.cc quadlet_container.cc quadlet_file.cc quadlet_kube.cc quadlet_pod.cc quadlet_volume.cc unit_file.cc unit_text.cc KNOWS base)
caisson_unit_test(units SOURCES units_test.cc units_quadlet_test.cc KNOWS base units)
# It makes no system calls, as the rooms in src/explain/room.cmake.
add_test(NAME pure_units COMMAND sh ${PROJECT_SOURCE_DIR}/test/unit/pure_rooms.sh $<TARGET_FILE:units>)
