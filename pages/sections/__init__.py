"""Draw parts of pages, one file each: parts of one page in a folder with its name, common ones here."""
