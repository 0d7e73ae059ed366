"""The commands an administrator knows: argv in, exit code out."""
