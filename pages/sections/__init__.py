"""Draw parts of pages, a file each: those of one page in a folder with its name, common ones here."""
