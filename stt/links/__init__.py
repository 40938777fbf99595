"""Recordings behind links, fetched without letting a link reach anything but the public internet.

`download` fetches one, `addresses` checks and pins the addresses of its host, `web_pages` tells share pages from
recordings.
"""
