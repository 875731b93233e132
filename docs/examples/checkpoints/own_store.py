from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from powertools_stream import StreamProcessor
from powertools_stream.checkpoints import Checkpoint
from powertools_stream.requests import Call


# --8<-- [start:store]
class FileCheckpointStore:
    """Keeps each checkpoint in a file of a folder that environments share (EFS)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_many(self, keys: Sequence[str]) -> Generator[Any, Any, Mapping[str, str]]:
        texts = yield [Call(self._read, key) for key in keys]
        return {key: text for key, text in zip(keys, texts, strict=True) if text}

    def save_many(self, checkpoints: Sequence[Checkpoint]) -> Generator[Any, Any, None]:
        yield [
            Call((self._folder / one.key).write_text, one.value) for one in checkpoints
        ]

    def _read(self, key: str) -> str:
        path = self._folder / key
        return path.read_text() if path.exists() else ""


processor = StreamProcessor(checkpoint=FileCheckpointStore(Path("/mnt/checkpoints")))
# --8<-- [end:store]
