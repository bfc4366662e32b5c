caisson_room(base SOURCES error.cc fd.cc log.cc text.cc)
caisson_unit_test(base SOURCES base_test.cc KNOWS base)
