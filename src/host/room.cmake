# The facts as plain data are for the pure rooms; probing them is not.
caisson_room(host_facts FOLDER host)
caisson_room(host FOLDER host SOURCES probe.cc KNOWS base kernel host_facts)
