"""Open recordings by content, and compare the sizes and durations that headers declare with the sound in the file.

`container` opens a file by its content. `formats` lists the formats that FFmpeg may open. `foreign` recognises files
that cannot be read. `headers` and `chunks` replace wrong sizes in headers. `joined` and `following` find where the next
recording begins in a file of joined recordings. `promises` reads the declared duration. `boxes` reads which sound an
MP4's edit lists leave out. `seekable` checks whether browsers seek the file exactly. `track_list` lists the sound
tracks. All these modules run in a decoder process.
"""
