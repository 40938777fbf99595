"""Download recordings behind links, from the public internet only.

`download` downloads a recording. `addresses` resolves the host of a link and refuses addresses that are not public.
`deadline` limits the time of a download. `web_pages` distinguishes web pages, such as share pages, from recordings.
"""
