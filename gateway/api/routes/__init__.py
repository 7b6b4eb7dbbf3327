"""The HTTP API: each module has one `router`, and is found by scanning this folder."""
