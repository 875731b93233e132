"""The command ``faults resubmit``: functions are invoked with the records of faults that were set aside."""
