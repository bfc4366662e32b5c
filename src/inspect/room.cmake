# Processes and hosts as /proc shows them. What is shown of them is text made of facts: `inspect_text`, which is pure.
caisson_room(inspect_text FOLDER inspect SOURCES process_columns.cc ps_options.cc KNOWS base spec)
caisson_room(inspect SOURCES host_summary.cc process.cc KNOWS base kernel inspect_text)
caisson_unit_test(inspect SOURCES inspect_process_test.cc KNOWS base kernel spec inspect_text inspect)
# inspect_text makes no system calls, as the rooms in src/explain/room.cmake.
add_test(NAME pure_inspect_text COMMAND sh ${PROJECT_SOURCE_DIR}/test/unit/pure_rooms.sh $<TARGET_FILE:inspect_text>)
