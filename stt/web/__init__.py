"""Handle all HTTP routes except Streamlit's pages.

`routes` is the table of routes. `endpoints` handles uploads, audio, health and metrics, `exports` sends transcripts as
files, `recorder` receives pieces of live recordings, `transcripts` handles requests of the transcript player, and
`static` serves Streamlit's scripts. `v1` is the API for programs, `openai` the API for OpenAI's clients, and
`assistants` the API for AI assistants. `multipart` parses forms, and `handling` has helpers for request handlers.
"""
