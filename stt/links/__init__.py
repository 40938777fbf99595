"""Download recordings behind links, from the public internet only.

`download` fetches one, `addresses` checks and pins the addresses of its host, `deadline` limits the time, `web_pages`
distinguishes share pages from recordings.
"""
