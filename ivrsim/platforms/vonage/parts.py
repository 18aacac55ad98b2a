"""The parts of actions that have keys of their own: endpoints, settings of an input."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Method = Literal["GET", "POST"]
Digits = Annotated[str, Field(pattern=r"^[0-9*#pP]*$")]


class Part(BaseModel):
    """Anything with keys of its own inside an NCCO."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        alias_generator=to_camel,
    )


class DtmfSettings(Part):
    """``time_out`` in seconds."""

    time_out: float = Field(3.0, ge=0, le=10)
    max_digits: int = Field(4, ge=1, le=20)
    submit_on_hash: bool = False

    @property
    def time_out_ms(self) -> int:
        return round(self.time_out * 1000)


class SpeechSettings(Part):
    """Times in seconds. ``sensitivity`` is kept, and decides nothing here."""

    uuid: list[str] | None = None
    end_on_silence: float = Field(2.0, ge=0.4, le=10)
    language: str = "en-US"
    context: list[str] | None = None
    start_timeout: float | None = Field(None, ge=1, le=60)  # no default is documented
    max_duration: float = Field(60.0, ge=1, le=60)
    save_audio: bool = False
    sensitivity: int | None = Field(None, ge=10, le=100)


class OnAnswer(Part):
    """The NCCO played to the other side before it is joined."""

    url: str
    ringback_tone: str | None = Field(
        None, validation_alias=AliasChoices("ringbackTone", "ringback")
    )


class PhoneEndpoint(Part):
    type: Literal["phone"]
    number: str
    dtmf_answer: Digits | None = None
    on_answer: OnAnswer | None = None

    @property
    def e164(self) -> str:
        """The digits of ``number`` alone, as Vonage writes numbers."""
        return re.sub(r"[^0-9]", "", self.number)

    @property
    def target(self) -> str:
        return self.number


class AppEndpoint(Part):
    type: Literal["app"]
    user: str

    @property
    def target(self) -> str:
        return self.user


class SipEndpoint(Part):
    type: Literal["sip"]
    uri: str
    headers: dict[str, Any] | None = None

    @property
    def target(self) -> str:
        return self.uri


class WebsocketEndpoint(Part):
    type: Literal["websocket"]
    uri: str
    content_type: Literal["audio/l16;rate=8000", "audio/l16;rate=16000", "audio/l16;rate=24000"] = (
        Field(alias="content-type")
    )
    headers: dict[str, Any] | None = None

    @property
    def target(self) -> str:
        return self.uri


class VbcEndpoint(Part):
    type: Literal["vbc"]
    extension: str

    @property
    def target(self) -> str:
        return self.extension


Endpoint = PhoneEndpoint | AppEndpoint | SipEndpoint | WebsocketEndpoint | VbcEndpoint


class AdvancedMachineDetection(Part):
    """``beep_timeout`` in seconds. Not simulated yet."""

    behavior: Literal["continue", "hangup"] | None = None
    mode: Literal["default", "detect", "detect_beep"] = "detect"
    beep_timeout: int | None = Field(None, ge=45, le=120, alias="beep_timeout")


class Transcription(Part):
    language: str = "en-US"
    event_url: list[str] | None = None
    event_method: Method = "POST"
    sentiment_analysis: bool = False


ENDPOINTS: Final[dict[str, type[Part]]] = {
    "phone": PhoneEndpoint,
    "app": AppEndpoint,
    "sip": SipEndpoint,
    "websocket": WebsocketEndpoint,
    "vbc": VbcEndpoint,
}
PARTS: Final[dict[str, type[Part]]] = {
    "dtmf": DtmfSettings,
    "speech": SpeechSettings,
    "onAnswer": OnAnswer,
    "transcription": Transcription,
    "advancedMachineDetection": AdvancedMachineDetection,
    "advanced_machine_detection": AdvancedMachineDetection,
    **ENDPOINTS,
}
"""The model behind a key (or behind an endpoint type)."""


def keys_of(model: type[Part]) -> tuple[str, ...]:
    """The platform's keys of a model, all spellings."""
    keys: list[str] = []
    for field in model.model_fields.values():
        alias = field.validation_alias
        if isinstance(alias, AliasChoices):
            keys.extend(str(choice) for choice in alias.choices)
        elif isinstance(alias, str):
            keys.append(alias)
    return tuple(keys)
