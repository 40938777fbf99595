"""Draw parts of the Transcript page, such as corrections, downloads, speakers and versions; one file per part."""
