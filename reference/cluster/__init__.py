"""What a node knows of its cluster: paths, members, storages, datacenter options."""
