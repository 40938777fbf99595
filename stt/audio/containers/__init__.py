"""Open recordings by content, and check what their headers declare against what they hold.

`container` opens a file by its content. `formats` lists what FFmpeg may open, `foreign` names what cannot be read.
`headers` and `chunks` repair stale sizes, `joined` and `following` find recordings that were joined. `promises` reads
the declared duration, `boxes` what an MP4's own edits leave out, `seekable` checks whether browsers seek the file
exactly, `track_list` lists its sound tracks. All of it runs in a decoder process.
"""
