"""The commands ``faults``: fault events in a lake."""
