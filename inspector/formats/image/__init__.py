"""Container images and OCI artifacts: archives, layouts, engines; layers indexed and read in place, never extracted."""
