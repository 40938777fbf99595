"""Send transcripts as files: `files` handles the routes, `addresses` are what pages link to."""
