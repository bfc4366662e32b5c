caisson_room(spec SOURCES capability.cc KNOWS base LIBRARIES nlohmann_json::nlohmann_json)
