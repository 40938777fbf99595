"""Handle requests of the transcript player in the browser.

`edits` changes the text, `readings` returns alternatives for a word, `notes` stores notes, and `passages` transcribes
part of the recording again.
"""
