"""Provide the server side of recording in the browser: receive pieces of sound while the recorder on a page runs.

`live_recordings` stores the pieces and makes recordings of them; `state` stores how many pieces have arrived.
`call_tracks` converts the two channels of a recorded call to two tracks.
"""
