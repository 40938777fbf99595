"""Parts of pages, one per file. A folder has the parts of the page with the folder's name."""
