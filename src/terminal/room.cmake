caisson_room(terminal SOURCES attach_client.cc detach_keys.cc terminal.cc KNOWS keeper base)
caisson_unit_test(terminal SOURCES terminal_test.cc KNOWS terminal keeper base)
