"""Draw parts of pages, one part per file. A folder such as `history` has the parts of the page with that name."""
