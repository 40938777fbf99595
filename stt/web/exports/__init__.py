"""Send transcripts as files: `files` handles the routes, `addresses` builds the download links for pages."""
