"""The migration itself: from the locks to the hand-over."""
