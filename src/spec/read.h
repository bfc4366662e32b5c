// Parts of the reading of configurations; private to it.
#pragma once

#include "spec/config.h"
#include "spec/fields.h"

namespace caisson::spec {

void read_process(Fields& fields, Process& process);
void read_linux(Fields& fields, Linux& linux_config);
void read_resources(Fields& fields, Resources& resources);
void read_id_mapping(Fields& fields, IdMapping& mapping);

}  // namespace caisson::spec
