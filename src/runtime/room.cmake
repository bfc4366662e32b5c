caisson_room(runtime SOURCES launch.cc examine.cc KNOWS base kernel spec host_facts host plan explain execute)
