"""Receive what the page's recorder sends while it runs.

`live_recordings` keeps the pieces and makes them recordings; `call_tracks` makes the two channels of a call two tracks.
"""
