"""T.4 page codec: numpy in, numpy out. Pure."""
