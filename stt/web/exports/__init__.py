"""Send transcripts as files: `files` handles the routes, `addresses` builds the links for pages."""
