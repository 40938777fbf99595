"""Draw the pages. Importing this package loads the modules of `stt` that the first page needs (see `late.load`)."""

from stt import late

late.load()
