from __future__ import annotations

from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor

from powertools_stream import EventType, StreamProcessor

# --8<-- [start:theirs]
stops_at_a_failure = SqsFifoPartialProcessor()
stops_its_group = SqsFifoPartialProcessor(skip_group_on_error=True)
# --8<-- [end:theirs]

# --8<-- [start:ours]
stops_at_a_failure_here = StreamProcessor(EventType.SQS, skip_group_on_error=False)
stops_its_group_here = StreamProcessor(EventType.SQS)
# --8<-- [end:ours]
