"""The command ``faults redrive``: SQS moves the messages of a dead-letter queue back."""
