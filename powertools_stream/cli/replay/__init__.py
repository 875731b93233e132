"""The command ``events replay``: stored events are sent once more."""
