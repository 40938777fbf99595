"""Define all settings: environment variable, default, bounds and description of each."""

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

    A variable is named by the field's first alias, or else `STT_` and the field's name in capitals. Further aliases are
    names from older versions; they stay valid.
    """

    model_config = SettingsConfigDict(env_prefix="STT_", env_ignore_empty=True, populate_by_name=True, extra="ignore")

    aiml_api_key: SecretStr | None = Field(
        None,
        validation_alias="AIML_API_KEY",
        description="Key for the AI/ML API. Without one, Whisper on this machine does all the work.",
    )
    aiml_base_url: str = Field(
        "https://api.aimlapi.com/v1", validation_alias="AIML_BASE_URL", description="Where the AI/ML API answers."
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
        description="Where audio is kept, any `fsspec` address such as `s3://bucket/folder`. Default: the data folder.",
    )
    access: Literal["private", "shared", "login"] = Field(
        "private",
        description="`private`: every browser sees its own. `shared`: one history for all. `login`: sign in first.",
    )
    allowed_emails: str | None = Field(
        None,
        description="With `login`: who may enter, addresses and domains such as `ann@example.org, example.com`. Default: all.",
    )
    hosts: str | None = Field(
        None,
        description="Names that people open this server by, such as `stt.example.org, *.example.net`; `*`: any."
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
        description="Signs the visitors' cookies: 32 random characters or more. Default: made once and kept in the data folder.",
    )
    whisper_model: str | None = Field(
        None,
        description="A folder with Whisper weights (CTranslate2), or a size such as `small`. Default: the packaged base model.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="What Whisper runs on: `auto` takes a graphics card that CTranslate2 sees (CUDA), else the processor.",
    )
    model_memory_mb: int | None = Field(
        None,
        ge=100,
        le=10_000_000,
        description="MB of memory that Whisper models may take together; the least recently used leaves for another."
        " Default: half of what is free at the start.",
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
        description="What the choice Speakers begins with: `automatic` finds out who speaks when, `off` does not.",
    )
    known_voices: bool = Field(
        True, description="`0`: visitors cannot have voices remembered, so that speakers are never recognised again."
    )
    allow_private_urls: bool = Field(
        False, description="`1` lets links lead to private addresses: for tests and intranets only."
    )
    public_metrics: bool = Field(
        False, description="`1` lets other machines read `/metrics`. Default: only this machine itself."
    )
    role: Literal["all", "web", "worker"] = Field(
        "all", description="`web` only serves pages, `worker` only works on jobs, `all` does both."
    )
    upload_limit_mb: int = Field(
        2048, ge=1, le=1_000_000, description="Largest upload, in MB (1 MB is 1,048,576 bytes)."
    )
    max_concurrent_jobs: int = Field(
        2,
        validation_alias=_names("max_concurrent_jobs", "jobs_at_once"),
        ge=1,
        le=64,
        description="Transcriptions on this machine at once, and as many of up to a minute besides."
        " On two cores two finish 1.1 times as fast as one by one.",
    )

    download_timeout_seconds: int = Field(
        600,
        validation_alias=_names("download_timeout_seconds", "download_limit"),
        ge=10,
        le=86_400,
        description="Seconds that the download of a link may take.",
    )
    provider_max_uploads: int = Field(
        4,
        validation_alias=_names("provider_max_uploads", "provider_creates_at_once"),
        ge=1,
        le=64,
        description="Recordings handed to the provider at once, for each key.",
    )
    provider_max_jobs: int = Field(
        200,
        validation_alias=_names("provider_max_jobs", "provider_jobs_at_once"),
        ge=1,
        le=5000,
        description="Jobs that wait for the provider at once, on each machine.",
    )
    provider_timeout_seconds: int = Field(
        600,
        validation_alias=_names("provider_timeout_seconds", "provider_limit"),
        ge=30,
        le=3400,
        description="Seconds to wait for a result of the provider; longer recordings get twice their length.",
    )

    max_duration_minutes: int = Field(
        720,
        validation_alias=_names("max_duration_minutes", "length_limit"),
        ge=1,
        le=100_000,
        description="Longest recording, in minutes.",
    )
    jobs_per_visitor: int | None = Field(
        None, ge=1, le=100_000, description="Transcriptions of one visitor that wait or run at once."
    )
    minutes_per_visitor: int | None = Field(
        None, ge=1, le=10_000_000, description="Minutes of audio that one visitor may transcribe in a day (UTC)."
    )
    visitors_per_address: int = Field(
        10,
        ge=1,
        le=100_000,
        description="With `private`: the limits per visitor, times this, hold for all visitors of one network address together,"
        " so that dropping the cookie does not help. Raise it where many people share one address.",
    )
    trusted_proxies: str | None = Field(
        None,
        description="Reverse proxies whose `X-Forwarded-For` names the client: addresses and networks such as `10.0.0.0/8`.",
    )
    minutes_per_day: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Minutes of audio that all visitors together may transcribe in a day (UTC).",
    )
    dollars_per_day: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="US dollars that all visitors together may spend on this server's key in a day (UTC).",
    )
    audio_retention_days: int | None = Field(
        None,
        validation_alias=_names("audio_retention_days", "keep_audio_days"),
        ge=1,
        le=36_500,
        description="Days after which audio is deleted; its transcripts stay. Default: kept.",
    )
    transcript_retention_days: int | None = Field(
        None,
        validation_alias=_names("transcript_retention_days", "keep_transcripts_days"),
        ge=1,
        le=36_500,
        description="Days after which transcripts are deleted, with their audio. Default: kept.",
    )
    models: str | None = Field(
        None,
        description="Which models are offered, such as `local/whisper-base, #g1_whisper-base` or `local/*`."
        " Whisper models that it lists are downloaded when somebody chooses them. Default: all, of Whisper those that are here.",
    )
    banner: str | None = Field(
        None,
        validation_alias=_names("banner", "notice"),
        max_length=2000,
        description="A notice on top of every page, as plain text.",
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
        """Return the largest upload in bytes."""
        return self.upload_limit_mb * 1024 * 1024


@lru_cache
def settings() -> Settings:
    """Return the settings of this process. `settings.cache_clear()` re-reads the environment."""
    return Settings()
