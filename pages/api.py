"""Draw the API page: routes of the REST API with an example, models, and errors."""

import streamlit as st

from pages import session
from pages.escape import plain
from pages.sections.api_reference import errors_table, models_table, route
from pages.texts import tr
from stt.guard import base_path
from stt.web.v1 import openapi, rest

CURL = """# Send a recording; the response contains a generation_id
curl {base}/stt/create -H "Authorization: Bearer TOKEN" \\
    -F model="#g1_whisper-base" -F audio=@talk.mp3

# Repeat this request until the status is "completed"
curl {base}/stt/GENERATION_ID -H "Authorization: Bearer TOKEN"

# Or wait for the text, as with OpenAI's speech API
curl {base}/audio/transcriptions -H "Authorization: Bearer TOKEN" \\
    -F model=whisper-1 -F file=@talk.mp3 -F response_format=text
"""
PYTHON = """import time
import requests

base_url, token = "{base}", "TOKEN"
headers = {{"Authorization": f"Bearer {{token}}"}}

with open("talk.mp3", "rb") as file:
    made = requests.post(
        f"{{base_url}}/stt/create",
        headers=headers,
        data={{"model": "#g1_whisper-base"}},
        files={{"audio": file}},
    )
made.raise_for_status()
url = f"{{base_url}}/stt/{{made.json()['generation_id']}}"

while True:
    answer = requests.get(url, headers=headers).json()
    if answer["status"] not in ("waiting", "active"):
        break
    time.sleep(2)
if answer["status"] == "error":
    raise SystemExit(answer["error"]["message"])
channel = answer["result"]["results"]["channels"][0]
print(channel["alternatives"][0]["transcript"])
"""

OPENAI = """from openai import OpenAI

client = OpenAI(base_url="{base}", api_key="TOKEN")

with open("talk.mp3", "rb") as file:
    answer = client.audio.transcriptions.create(model="whisper-1", file=file)
print(answer.text)
"""
JAVASCRIPT = """const form = new FormData();
form.append("model", "whisper-1");
form.append("file", file); // of an <input type="file">

const answer = await fetch("{base}/audio/transcriptions", {{
    method: "POST",
    headers: {{ Authorization: "Bearer TOKEN" }},
    body: form,
}});
console.log((await answer.json()).text);
"""
EXAMPLES = (
    ("Python", PYTHON, "python"),
    ("OpenAI", OPENAI, "python"),
    ("curl", CURL, "bash"),
    ("JavaScript", JAVASCRIPT, "javascript"),
)

base, document = f"{session.server_address()}/v1", openapi.document()
st.title(tr("API"), anchor=False)
plain(
    tr(
        "Programs can also send recordings to this server. Its REST API is compatible with the AI/ML API and with "
        "OpenAI's speech API: use this base URL, and one of your tokens as the API key. "
        "The transcripts appear in your history."
    ),
    "stt-hint",
)
st.code(base, language=None, wrap_lines=True)
with st.container(horizontal=True, vertical_alignment="center"):
    st.page_link("settings.py", label=tr("Create token"), icon=":material/key:")
    st.link_button(
        tr("OpenAPI document"), base_path.at("/v1/openapi.json"), type="tertiary", icon=":material/description:"
    )

st.subheader(tr("Example"), anchor=False)
for tab, (_, text, language) in zip(st.tabs([name for name, *_ in EXAMPLES]), EXAMPLES, strict=True):
    tab.code(text.format(base=base), language=language, wrap_lines=True)

st.subheader(tr("Routes"), anchor=False)
for path, methods in document["paths"].items():
    for method, operation in methods.items():
        if method != "parameters":
            route(method, path, operation, document["components"]["schemas"])

st.subheader(tr("Models"), anchor=False)
models_table(rest.offered())

st.subheader(tr("When something goes wrong"), anchor=False)
errors_table(document)
