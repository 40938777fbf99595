"""What may be imported: few constants, as the first page needs them but not the readers."""

ENDINGS = (".srt", ".vtt", ".ass", ".ssa", ".txt", ".docx", ".json")
MOST = 10 << 20  # maximum size of a file, bytes; enough for eight hours of timed words in this app's JSON
