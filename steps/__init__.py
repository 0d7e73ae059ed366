"""The sentences of the features, by kind: given (the world), when (migrating), then (outcome)."""
