"""Draw parts of the Transcript page: corrections, downloads, findings, share links, versions."""
