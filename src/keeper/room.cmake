caisson_room(keeper
  SOURCES checks.cc clients.cc journal.cc json_text.cc json_text_read.cc keep.cc log_entry.cc log_file.cc log_reader.cc log_stamp.cc outlet.cc signals.cc socket.cc
  KNOWS base)
caisson_unit_test(keeper SOURCES keeper_test.cc keeper_clients_test.cc keeper_json_text_test.cc keeper_log_test.cc keeper_programs_test.cc KNOWS keeper base)
target_compile_definitions(unit_keeper PRIVATE
  MONITOR_PROGRAM="${PROJECT_BINARY_DIR}/libexec/caisson/monitor"
  INIT_PROGRAM="${PROJECT_BINARY_DIR}/libexec/caisson/init")
add_dependencies(unit_keeper monitor init)

# What the monitor is linked from. One function that could pass an exception on would bring the whole of libstdc++'s
# unwinding into it: 300 KiB of text and a heap that is touched at start.
set_source_files_properties(
  src/base/fd.cc src/keeper/checks.cc src/keeper/clients.cc src/keeper/journal.cc src/keeper/json_text.cc src/keeper/keep.cc src/keeper/log_file.cc src/keeper/log_stamp.cc
  src/keeper/outlet.cc src/keeper/signals.cc
  PROPERTIES COMPILE_OPTIONS -fno-exceptions SKIP_PRECOMPILE_HEADERS ON)
