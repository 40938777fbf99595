"""Detect speech, and find where a long recording may be cut.

`vad` detects speech (Silero) and cuts at pauses. `samples` defines the type of audio samples.
"""
