"""List the routes that this app adds to those of Streamlit.

Each route except the icon's names its handler as a text, "module:name". The module is imported at the first request for
the route, or earlier by `late.load`.
"""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name

from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from stt import late
from stt.compat import streamlit
from stt.compat.starlette import application
from stt.guard.limiters import IMPORTS


class Later:
    """An ASGI application that imports the handler `where` ("module:name") at the first request, and calls it."""

    def __init__(self, where: str) -> None:
        self.where = where
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            self._app = await IMPORTS.run(self.resolve)
        await self._app(scope, receive, send)

    def resolve(self) -> ASGIApp:
        late.load(self.where.partition(":")[0])
        return application(resolve_name(self.where))


ICON = Response(
    (Path(__file__).parents[1] / "assets" / "icon.png").read_bytes(),
    media_type="image/png",
    headers={"Cache-Control": "public, max-age=86400"},
)
ROUTES = [
    Route(streamlit.ICON, ICON, methods=["GET"]),
    Route("/upload", Later("stt.web.endpoints:upload"), methods=["POST"]),
    Route("/record", Later("stt.web.recorder:start"), methods=["POST"]),
    Route("/record/{id}", Later("stt.web.recorder:piece"), methods=["POST"]),
    Route("/record/{id}/finish", Later("stt.web.recorder:finish"), methods=["POST"]),
    Route("/audio/{id}", Later("stt.web.endpoints:audio"), methods=["GET"]),
    Route("/audio/{id}/state", Later("stt.web.endpoints:audio_state"), methods=["GET"]),
    Route("/audio/{id}/waveform", Later("stt.web.endpoints:waveform"), methods=["GET"]),
    Route("/transcripts/{id}/edits", Later("stt.web.transcripts.edits:edit"), methods=["POST"]),
    Route("/transcripts/{id}/edits", Later("stt.web.transcripts.edits:news"), methods=["GET"]),
    Route("/transcripts/{id}/notes", Later("stt.web.transcripts.notes:listed"), methods=["GET"]),
    Route("/transcripts/{id}/notes/{note_id}", Later("stt.web.transcripts.notes:put"), methods=["PUT"]),
    Route("/transcripts/{id}/notes/{note_id}", Later("stt.web.transcripts.notes:delete"), methods=["DELETE"]),
    Route("/transcripts/{id}/readings", Later("stt.web.transcripts.readings:readings"), methods=["GET"]),
    Route("/transcripts/{id}/readings", Later("stt.web.transcripts.readings:decoded"), methods=["POST"]),
    Route("/transcripts/{id}/passage", Later("stt.web.transcripts.passages:state"), methods=["GET"]),
    Route("/transcripts/{id}/passage", Later("stt.web.transcripts.passages:begin"), methods=["POST"]),
    Route("/transcripts/{id}/passage", Later("stt.web.transcripts.passages:drop"), methods=["DELETE"]),
    Route("/transcripts/{id}/passage/take", Later("stt.web.transcripts.passages:take"), methods=["POST"]),
    Route("/export/transcripts.zip", Later("stt.web.exports.files:transcripts_zip"), methods=["POST"]),
    Route("/export/{id}.{format}", Later("stt.web.exports.files:transcript_file"), methods=["GET"]),
    Route("/my-data.zip", Later("stt.web.endpoints:my_data"), methods=["GET"]),
    Route("/healthz", Later("stt.web.endpoints:healthz"), methods=["GET"]),
    Route("/metrics", Later("stt.web.endpoints:prometheus_metrics"), methods=["GET"]),
    Route("/v1/stt/create", Later("stt.web.v1.rest:Create")),
    Route("/v1/stt/{generation_id}", Later("stt.web.v1.rest:Generation")),
    Route("/v1/models", Later("stt.web.v1.rest:Models")),
    Route("/v1/models/{model:path}", Later("stt.web.openai.endpoints:Model")),
    Route("/v1/audio/transcriptions", Later("stt.web.openai.endpoints:Speech")),
    Route("/v1/audio/translations", Later("stt.web.openai.endpoints:Translations")),
    Route("/v1/webhooks", Later("stt.web.v1.webhooks:Webhooks")),
    Route("/v1/webhooks/deliveries/{delivery_id}", Later("stt.web.v1.webhooks:Redelivery")),
    Route("/v1/openapi.json", Later("stt.web.v1.rest:Document")),
    Route("/mcp", Later("stt.web.assistants:Assistants"), methods=["GET", "POST", "DELETE"]),
    Route("/v1/{rest:path}", Later("stt.web.v1.rest:Nothing")),
]
