"""Google Translate's voice through gTTS: it sounds like a person and needs the network.

One voice for each language, no markup, two paces. The words are sent to Google.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

import numpy as np

from ivrsim.errors import AudioError, SoundUnavailable
from ivrsim.sound import ssml as markup
from ivrsim.sound.clip import Clip
from ivrsim.sound.engines import Offer
from ivrsim.sound.files import decode
from ivrsim.sound.ssml import Pause, Words
from ivrsim.sound.voices import Voice

TIMEOUT_S: Final = (3.05, 5.0)
"""To connect, and between two pieces of an answer. The whole has the deadline of the caller."""

_SLOW: Final = 0.75  # at this speed and below, its slow pace

# Where Google's tags are not the platforms'.
_OTHER_TAGS: Final = {
    "cmn": "zh-CN", "cmn-cn": "zh-CN", "cmn-tw": "zh-TW", "zh-hk": "yue", "zh-mo": "yue",
    "arb": "ar", "he": "iw", "in": "id", "nb": "no", "nn": "no", "fil": "tl", "jv": "jw",
    "pt-br": "pt",
}  # fmt: skip
# An accent is chosen by the country of Google's address, as gTTS documents it.
_ADDRESS: Final = {
    "en-au": "com.au", "en-gb": "co.uk", "en-us": "us", "en-ca": "ca", "en-in": "co.in",
    "en-ie": "ie", "en-za": "co.za", "en-ng": "com.ng", "fr-ca": "ca", "fr-fr": "fr",
    "pt-br": "com.br", "pt-pt": "pt", "es-mx": "com.mx", "es-es": "es", "es-us": "us",
}  # fmt: skip


class Gtts:
    """gTTS as an engine."""

    name: Final = "gtts"
    about: Final = "Google Translate through gTTS, online: the words are sent to Google; one voice"
    online: Final = True
    version: Final = "1"

    def offers(self) -> Sequence[Offer]:
        return [Offer(tag, name) for tag, name in _languages().items()]

    def nearest(self, language: str) -> tuple[str, str]:
        known = {tag.lower(): tag for tag in _languages()}
        parts = language.strip().replace("_", "-").lower().split("-")
        for length in range(len(parts), 0, -1):
            tag = "-".join(parts[:length])
            found = _OTHER_TAGS.get(tag) or known.get(tag)
            if found is None:
                continue
            exact = length == len(parts) or "-".join(parts) in _ADDRESS or not _accented(found)
            note = "" if exact else f"gtts has no voice for {language[:40]!r}: spoken by {found}"
            return found, note
        return "en", f"gtts has no voice for {language[:40]!r}: spoken by the one for English"

    def render(self, text: str, voice: Voice, *, speed: float = 1.0, ssml: bool = False) -> Clip:
        """Raises SoundUnavailable for whatever the network or Google did."""
        parts = markup.read(text, voice.language) if ssml else [Words(text)]
        notes: list[str] = []
        if voice.male:
            notes.append("gtts has one voice for each language, and none is a man's")
        if _SLOW < speed < 0.9 or speed > 1.1:
            notes.append(f"gtts has no speed {speed:g}: spoken at its normal one")
        if any(isinstance(part, Words) and _has_manner(part) for part in parts):
            notes.append("gtts knows no SSML but pauses and languages: spoken plainly")
        clips: list[Clip | Pause] = []
        for language, group in groupby(parts, key=_language):
            if language is None:
                clips += [part for part in group if isinstance(part, Pause)]
                continue
            words = "".join(part.text for part in group if isinstance(part, Words))
            asked = language or voice.language
            tag, note = self.nearest(asked)
            notes.append(note)
            if any(char.isalnum() for char in words):
                address = _ADDRESS.get(asked.replace("_", "-").lower(), "com")
                clips.append(_spoken(words, tag, address, slow=speed <= _SLOW))
        return _joined(clips, "; ".join(dict.fromkeys(filter(None, notes))))


def _accented(tag: str) -> bool:
    """Whether a listener would notice that the region is another one."""
    return tag in {"en", "es", "fr", "pt", "zh-CN"}


def _has_manner(part: Words) -> bool:
    return part.phonemes is not None or Words(part.text, part.language) != part


def _language(part: Words | Pause) -> str | None:
    """What neighbours must share to be spoken in one go; None for a pause."""
    return None if isinstance(part, Pause) else part.language or ""


def _spoken(words: str, tag: str, address: str, *, slow: bool) -> Clip:
    import gtts

    try:
        speech = gtts.gTTS(
            words, lang=tag, tld=address, slow=slow, lang_check=False, timeout=TIMEOUT_S
        )
        mp3 = b"".join(speech.stream())  # a request for each hundred characters
    except (gtts.gTTSError, OSError, ValueError, AssertionError) as error:
        # Besides its own, gTTS lets through: an answer it cannot read, no words to send.
        raise SoundUnavailable(f"gtts: {_why(error)}") from error
    if not mp3:
        raise SoundUnavailable("gtts: Google answered without speech")
    try:
        return decode(mp3, "gtts: the answer of Google")
    except AudioError as error:
        raise SoundUnavailable(str(error)) from error


def _why(error: Exception) -> str:
    """gTTS guesses at causes, in many words; what was underneath is more certain."""
    from requests import exceptions

    cause = error.__context__ or error
    if isinstance(cause, exceptions.HTTPError) and cause.response is not None:
        many = ", too many requests" if cause.response.status_code == 429 else ""
        return f"Google answered HTTP {cause.response.status_code}{many}"
    if isinstance(cause, exceptions.Timeout) or "timed out" in str(cause):
        return f"Google did not answer within {TIMEOUT_S[1]:g} s"
    if isinstance(cause, exceptions.ConnectionError):
        return "Google cannot be reached"
    if cause is error and type(error).__name__ == "gTTSError":
        return "Google answered without speech"
    text = " ".join(str(cause).split()) or type(cause).__name__
    return text if len(text) <= 160 else text[:159] + "…"


def _joined(pieces: list[Clip | Pause], note: str) -> Clip:
    rate = next((piece.rate for piece in pieces if isinstance(piece, Clip)), 24_000)
    samples = [
        piece.resample(rate).samples
        if isinstance(piece, Clip)
        else np.zeros(piece.ms * rate // 1000, np.float32)
        for piece in pieces
    ]
    return Clip(np.concatenate([np.zeros(0, np.float32), *samples]), rate, note)


def _languages() -> dict[str, str]:
    from gtts.lang import tts_langs

    languages: dict[str, str] = tts_langs()
    return languages
