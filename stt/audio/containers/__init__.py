"""Open recordings by content, and check what their headers declare against what they hold.

`container` opens a file by its content. `formats` lists the formats that FFmpeg may open. `foreign` recognises files
that cannot be read. `headers` and `chunks` repair stale sizes. `joined` and `following` find where the next recording
begins in a file of joined recordings. `promises` reads the declared duration. `boxes` reads which sound an MP4's edit
lists leave out. `seekable` checks whether browsers seek the file exactly. `track_list` lists the sound tracks. All
these modules run in a decoder process.
"""
