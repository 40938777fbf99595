"""Define all settings, each with its environment variable, default, bounds and description."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _names(name: str, former: str) -> AliasChoices:
    return AliasChoices(f"STT_{name.upper()}", f"STT_{former.upper()}")


class Settings(BaseSettings):
    """Represent the settings, read from environment variables.

    The variable of a field is the field's first alias. Without an alias, it is `STT_` and the field's name in capitals.
    Further aliases are names from older versions, which stay valid.
    """

    model_config = SettingsConfigDict(env_prefix="STT_", env_ignore_empty=True, populate_by_name=True, extra="ignore")

    aiml_api_key: SecretStr | None = Field(
        None,
        validation_alias="AIML_API_KEY",
        description="Key for the AI/ML API. Without a key, only Whisper on this machine is used.",
    )
    aiml_base_url: str = Field(
        "https://api.aimlapi.com/v1", validation_alias="AIML_BASE_URL", description="Base URL of the AI/ML API."
    )
    data_dir: Path = Field(
        Path("data"), validate_default=True, description="Folder for audio, transcripts and the database."
    )
    database_url: str | None = Field(
        None,
        description="`postgresql://…` to share jobs and history between machines. Default: SQLite in the data folder.",
    )
    storage: str | None = Field(
        None,
        description="Storage for recordings, any `fsspec` address such as `s3://bucket/folder`. Default: the data folder.",
    )
    access: Literal["private", "shared", "login"] = Field(
        "private",
        description="`private`: one history per browser. `shared`: one history for all. `login`: one per signed-in person.",
    )
    allowed_emails: str | None = Field(
        None,
        description="With `login`: who may sign in, addresses and domains such as `ann@example.org, example.com`. Default: all.",
    )
    hosts: str | None = Field(
        None,
        description="Host names of this server, such as `stt.example.org, *.example.net`; `*`: any."
        " Default: localhost, and the addresses and name of this machine.",
    )
    translations: Path | None = Field(
        None,
        description="Folder of translations of the pages: files such as `de.po`, made from `pages/locales/stt.pot`.",
    )
    cors_origins: str | None = Field(
        None,
        description="Other sites whose pages may call `/v1` with a token, such as `https://app.example.org`; `*`: any. Default: none.",
    )
    secret: SecretStr | None = Field(
        None,
        description="Key that signs cookies, at least 32 random characters. Default: generated once and stored in the data folder.",
    )
    whisper_model: str | None = Field(
        None,
        description="A folder with Whisper weights (CTranslate2), or a size such as `small`. Default: the packaged base model.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="Device for Whisper. `auto`: a GPU if CTranslate2 detects one (CUDA), else the CPU.",
    )
    model_memory_mb: int | None = Field(
        None,
        ge=100,
        le=10_000_000,
        description="Memory limit for all loaded Whisper models, in MB. The least recently used model is unloaded first."
        " Default: half of the memory that is free at the start.",
    )
    manage_models: bool = Field(
        False,
        description="`1`: every visitor may download and delete Whisper models on the Settings page."
        " Default: only browsers on this machine itself.",
    )
    speaker_models: str | None = Field(
        None,
        description="A folder with the models that find speakers, or with the wheel that holds them."
        " Default: downloaded from PyPI into the data folder at the first use (81 MB).",
    )
    speakers: Literal["automatic", "off"] = Field(
        "automatic",
        description="Preselected value of the option Speakers: `automatic` finds who speaks when, `off` does not.",
    )
    known_voices: bool = Field(
        True, description="`0`: visitors cannot save voices, so speakers are not recognised in later recordings."
    )
    allow_private_urls: bool = Field(
        False, description="`1` allows links to private addresses. Use it only for tests and intranets."
    )
    public_metrics: bool = Field(
        False, description="`1` lets other machines read `/metrics`. Default: only this machine itself."
    )
    role: Literal["all", "web", "worker"] = Field(
        "all", description="`web` only serves pages, `worker` only runs jobs, `all` does both."
    )
    upload_limit_mb: int = Field(
        2048, ge=1, le=1_000_000, description="Largest upload, in MB (1 MB is 1,048,576 bytes)."
    )
    max_concurrent_jobs: int = Field(
        2,
        validation_alias=_names("max_concurrent_jobs", "jobs_at_once"),
        ge=1,
        le=64,
        description="Maximum concurrent transcriptions on this machine, plus as many of recordings of up to a minute."
        " On two cores, two at once finish 1.1 times as fast as one after the other.",
    )

    download_timeout_seconds: int = Field(
        600,
        validation_alias=_names("download_timeout_seconds", "download_limit"),
        ge=10,
        le=86_400,
        description="Timeout for the download of a link, in seconds.",
    )
    provider_max_uploads: int = Field(
        4,
        validation_alias=_names("provider_max_uploads", "provider_creates_at_once"),
        ge=1,
        le=64,
        description="Maximum concurrent uploads to the provider, for each key.",
    )
    provider_max_jobs: int = Field(
        200,
        validation_alias=_names("provider_max_jobs", "provider_jobs_at_once"),
        ge=1,
        le=5000,
        description="Maximum jobs that wait for the provider at once, on each machine.",
    )
    provider_timeout_seconds: int = Field(
        600,
        validation_alias=_names("provider_timeout_seconds", "provider_limit"),
        ge=30,
        le=3400,
        description="Timeout for a result of the provider, in seconds; for longer recordings, twice their length.",
    )

    max_duration_minutes: int = Field(
        720,
        validation_alias=_names("max_duration_minutes", "length_limit"),
        ge=1,
        le=100_000,
        description="Maximum length of a recording, in minutes.",
    )
    jobs_per_visitor: int | None = Field(
        None, ge=1, le=100_000, description="Quota: transcriptions of one visitor that wait or run at once."
    )
    minutes_per_visitor: int | None = Field(
        None, ge=1, le=10_000_000, description="Quota: minutes of audio per visitor and day (UTC)."
    )
    visitors_per_address: int = Field(
        10,
        ge=1,
        le=100_000,
        description="With `private`: all visitors of one network address together get this many times the quotas of one visitor,"
        " so deleting the cookie does not reset them. Raise it if many people share one address.",
    )
    trusted_proxies: str | None = Field(
        None,
        description="Reverse proxies whose `X-Forwarded-For` names the client: addresses and networks such as `10.0.0.0/8`.",
    )
    minutes_per_day: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Quota: minutes of audio of all visitors together per day (UTC).",
    )
    dollars_per_day: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="Quota: US dollars that all visitors together may spend on this server's key per day (UTC).",
    )
    audio_retention_days: int | None = Field(
        None,
        validation_alias=_names("audio_retention_days", "keep_audio_days"),
        ge=1,
        le=36_500,
        description="Days after which recordings are deleted; their transcripts are kept. Default: never.",
    )
    transcript_retention_days: int | None = Field(
        None,
        validation_alias=_names("transcript_retention_days", "keep_transcripts_days"),
        ge=1,
        le=36_500,
        description="Days after which transcripts and their recordings are deleted. Default: never.",
    )
    models: str | None = Field(
        None,
        description="Models to offer, such as `local/whisper-base, #g1_whisper-base` or `local/*`."
        " Listed Whisper models are downloaded at first use. Default: all models; of Whisper, those on this machine.",
    )
    banner: str | None = Field(
        None,
        validation_alias=_names("banner", "notice"),
        max_length=2000,
        description="Notice at the top of every page, as plain text.",
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, listed: str | None) -> str | None:
        for one in (listed or "").replace(",", " ").split():
            ip_network(one, strict=False)
        return listed

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        return folder.expanduser().resolve()

    @property
    def upload_limit(self) -> int:
        """Return the maximum size of an upload in bytes."""
        return self.upload_limit_mb * 1024 * 1024


@lru_cache
def settings() -> Settings:
    """Return the settings of this process. `settings.cache_clear()` re-reads the environment."""
    return Settings()
