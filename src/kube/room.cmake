# Manifests of Kubernetes as text: read, checked, turned into what the engine is asked for; written.
find_library(LIBYAML libyaml.a REQUIRED)
caisson_room(kube_text FOLDER kube
             SOURCES compose_pod.cc environment.cc fields.cc quantity.cc read_manifest.cc read_pod.cc read_volumes.cc write_manifest.cc yaml.cc
             KNOWS base spec host_facts image_spec compose network_text LIBRARIES ${LIBYAML})
caisson_unit_test(kube_text SOURCES kube_yaml_test.cc kube_manifest_test.cc kube_compose_test.cc KNOWS base spec host_facts image_spec compose kube_text network_text)
# It makes no system calls, as the rooms in src/explain/room.cmake.
add_test(NAME pure_kube_text COMMAND sh ${PROJECT_SOURCE_DIR}/test/unit/pure_rooms.sh $<TARGET_FILE:kube_text>)

# What they ask for, done: played, taken down, generated.
caisson_room(kube SOURCES down.cc generate.cc play.cc volumes.cc
             KNOWS base kernel spec host_facts plan explain execute runtime image_spec compose engine kube_text network_text LIBRARIES nlohmann_json::nlohmann_json)
