"""What files say of themselves, and how far that can be believed.

`container` opens a file by its content. `formats` lists what FFmpeg may open, `foreign` names what cannot be read.
`headers` and `chunks` mend stale sizes, `promises` says how much sound a file declares, `seekable` whether browsers
seek it exactly, `track_list` lists its sound tracks. All of it runs in a decoder process.
"""
