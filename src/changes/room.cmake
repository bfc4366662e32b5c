# What containers have made of their root filesystems: shown as a whole, listed, made a layer and an image. Known by
# libexec/caisson/transfer alone.
caisson_room(changes SOURCES commit.cc container_tree.cc container_view.cc list_changes.cc pack.cc place.cc shown_root.cc
             KNOWS base kernel spec image_spec image unpack transport archive)
caisson_unit_test(changes SOURCES changes_test.cc KNOWS base kernel spec image_spec image unpack transport archive changes)
