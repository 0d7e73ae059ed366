"""What a node is asked over HTTPS, and the parameters that the commands share with it."""
