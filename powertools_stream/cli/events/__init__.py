"""The commands ``events``: events in a lake."""
