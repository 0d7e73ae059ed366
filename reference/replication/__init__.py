"""Replication of guest volumes: its jobs, what is known of their runs, and one run (REPL-*)."""
