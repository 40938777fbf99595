"""Parts of pages, a file each: those of one page in a folder of its name, those of several here."""
