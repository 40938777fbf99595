"""Draw parts of pages, one part per file. A folder has the parts of the page whose name it has."""
