caisson_room(host_facts FOLDER host)  # facts.h: plain data, for the pure rooms too
