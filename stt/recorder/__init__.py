"""Receive the pieces that the page's recorder sends while it runs.

`live_recordings` stores the pieces and turns them into recordings; `call_tracks` turns the two channels of a call into
two tracks.
"""
