"""A guest: its configuration, its volumes and its QEMU process."""
