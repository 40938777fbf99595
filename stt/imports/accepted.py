"""Define which files may be imported. The first page imports these constants without loading the readers of files."""

ENDINGS = (".srt", ".vtt", ".ass", ".ssa", ".txt", ".docx", ".json")
MOST = 10 << 20  # maximum size of a file, bytes; enough for eight hours of timed words in this app's JSON
MOST_PASTED = 3_000_000  # maximum length of a pasted text, UTF-16 units; each takes up to 3 bytes in the page's message
