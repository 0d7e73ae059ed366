"""The compact reference migrator, installed on nodes as `qm` and `pvesm`."""
