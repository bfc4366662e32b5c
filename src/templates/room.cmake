# The part of Go's text/template that people script with --format: pure.
caisson_room(templates SOURCES evaluate.cc functions.cc parse.cc printf.cc template.cc tokens.cc value.cc
             KNOWS base LIBRARIES nlohmann_json::nlohmann_json)
caisson_unit_test(templates SOURCES templates_test.cc KNOWS base templates LIBRARIES nlohmann_json::nlohmann_json)
# templates makes no system calls, as the rooms in src/explain/room.cmake.
add_test(NAME pure_templates COMMAND sh ${PROJECT_SOURCE_DIR}/test/unit/pure_rooms.sh $<TARGET_FILE:templates>)
