caisson_room(base SOURCES error.cc duration.cc fd.cc log.cc signals.cc text.cc)
caisson_unit_test(base SOURCES base_test.cc base_signals_test.cc KNOWS base)
