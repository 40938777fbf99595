"""Handle the routes beside the pages.

`routes` is the table. `endpoints` handles uploads, audio, health and metrics, `exports` sends files, `recorder`
receives pieces of live recordings, `transcripts` handles requests of the player, `static` serves Streamlit's scripts.
`multipart` parses forms, `handling` is what handlers share. Programs call `v1`, OpenAI's clients `openai`, and
assistants `assistants`.
"""
