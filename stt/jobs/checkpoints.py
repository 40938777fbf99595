"""Write the checkpoints of jobs as JSON; read JSON and the pickles that older versions wrote."""

from __future__ import annotations

import base64
import pickle
import sys
from typing import Any

from dbos import DBOSPortableJSONSerializer

from stt.store import recordings, records

# Checkpoints of older versions are pickles that refer to these modules by their former names.
sys.modules.setdefault("stt.records", records)
sys.modules.setdefault("stt.recordings", recordings)


class Serializer(DBOSPortableJSONSerializer):
    """A serializer that writes checkpoints as JSON, and also reads the pickles of older versions."""

    def deserialize(self, text: str | None) -> Any:
        try:
            return super().deserialize(text)
        except ValueError:
            return pickle.loads(base64.b64decode(text or ""))
