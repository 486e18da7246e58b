"""How fast we are against the plain way to do the same: `make bench`."""
