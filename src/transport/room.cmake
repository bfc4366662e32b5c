# From where images come into the store, and where they go from there: what all kinds of places have in common. The
# places themselves are rooms of their own (registry, archive), which know this one's interfaces.
caisson_room(transport)
