find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBSYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
caisson_room(systemd SOURCES bus.cc message.cc unit.cc KNOWS base cgroup_conversion LIBRARIES PkgConfig::LIBSYSTEMD)
