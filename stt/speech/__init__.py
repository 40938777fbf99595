"""Speech detection, and where a long recording may be cut.

`vad` is speech detection (Silero), and cuts at pauses. `samples` names the type of sound in memory.
"""
