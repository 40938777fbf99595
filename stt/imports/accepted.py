"""Define which files may be imported. The first page needs these constants, but need not load the readers."""

ENDINGS = (".srt", ".vtt", ".ass", ".ssa", ".txt", ".docx", ".json")
MOST = 10 << 20  # maximum size of a file, bytes; enough for eight hours of timed words in this app's JSON
