"""The embedded voice: eSpeak NG through ctypes, from the library in ``espeakng-loader``.

The library keeps its state in globals and is not thread safe, so there is one lock around it, and
it is loaded anew for each prompt. Rendering takes about a thousandth of what it lasts.
"""

from __future__ import annotations

import _ctypes
import ctypes
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np

from ivrsim.errors import SoundUnavailable
from ivrsim.sound.clip import Clip, Samples
from ivrsim.sound.clip_cache import ClipMemory
from ivrsim.sound.engines import EMBEDDED, Offer
from ivrsim.sound.phonemes import espeak_mnemonics
from ivrsim.sound.ssml import Part, Pause, Words, read
from ivrsim.sound.voices import Voice, nearest

# From espeak-ng/speak_lib.h
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_SSML = 0x10
_PHONEMES = 0x100  # [[mnemonics]] among the words
_POS_CHARACTER = 1
_IPA = 0x02 | ord("_") << 8  # phoneme mode: bit 1, and the separator above it
_RATE = 1
_VARIANT_AGE_BYTES = 4

_WORDS_A_MINUTE = 155  # the library's own 175 is brisk; announcements on the telephone are not
_SLOWEST, _FASTEST = 80, 450  # words a minute; beyond them the library changes nothing or garbles
_LONGEST_PATH = 150  # of the data folder: the library has 160 bytes for it
_LONGEST_S = 600  # of one prompt: as long as a whole call may last
_FEMALE, _MALE = ("f2", "f3", "f4", "f5"), ("m3", "m1", "m7", "m4")  # that sound like people
_HEARD = 1e-3  # of full scale: what is below is silence
_BETWEEN_MS = 60  # between words of two languages
_LOUDEST = 4.0  # of SSML: the library is asked for a quarter, so that it need not clip


class _VoiceEntry(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender_age_variant", ctypes.c_ubyte * _VARIANT_AGE_BYTES),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _Library:
    """What there is to load. SoundUnavailable when it cannot be loaded."""

    def __init__(self) -> None:
        try:
            import espeakng_loader

            self._file = str(espeakng_loader.get_library_path())
            data = Path(espeakng_loader.get_data_path())
        except (ImportError, OSError, RuntimeError) as error:
            raise _unusable(str(error)) from error
        if not (data / "phontab").is_file():  # the library would say so on stderr itself
            raise _unusable(f"no voice data in {data}")
        self._data = data
        self._path = self._path_of(data)
        self._pieces: list[bytes] = []
        self._bytes_left = 0
        self._callback = _Callback(self._take)  # kept: the library holds only its address
        self.rate = 0
        self.names: dict[str, str] = {}
        with self._opened() as lib:
            lib.espeak_Info.restype = ctypes.c_char_p
            self.version = lib.espeak_Info(None).decode()
            self.languages = self._languages(lib)

    @contextmanager
    def _opened(self) -> Iterator[ctypes.CDLL]:
        """The library, new and started, and unloaded afterwards (half a millisecond).

        What it has spoken before changes what it speaks next, a little (flutter, echo, pitch):
        only a new one gives the same samples for the same words, in whatever order.
        """
        try:
            lib = ctypes.CDLL(self._file)
        except OSError as error:
            raise _unusable(str(error)) from error
        try:
            self.rate = int(
                lib.espeak_Initialize(
                    _AUDIO_OUTPUT_SYNCHRONOUS, 200, self._path, _INITIALIZE_DONT_EXIT
                )
            )
            if self.rate <= 0:
                raise _unusable(f"the library does not start with the data in {self._data}")
            try:
                yield lib
            finally:
                lib.espeak_Terminate()
        finally:
            _unload(lib)

    def _path_of(self, data: Path) -> bytes:
        encoding = "mbcs" if sys.platform == "win32" else sys.getfilesystemencoding()
        path = str(data).encode(encoding, "surrogateescape" if os.name == "posix" else "strict")
        link: tempfile.TemporaryDirectory[str] | None = None
        if len(path) > _LONGEST_PATH:
            if os.name != "posix":
                raise _unusable(f"its folder has a path of more than {_LONGEST_PATH} bytes: {data}")
            link = tempfile.TemporaryDirectory(prefix="ivrsim-")
            short = Path(link.name) / data.name
            short.symlink_to(data)
            path = os.fsencode(short)
        self._link = link  # as long as the process
        return path

    def _languages(self, lib: ctypes.CDLL) -> dict[str, str]:
        """Language tag (lower case) → the library's identifier of its best voice."""
        lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceEntry))
        lib.espeak_ListVoices.argtypes = (ctypes.c_void_p,)
        best: dict[str, tuple[int, str]] = {}
        for pointer in lib.espeak_ListVoices(None):
            if not pointer:
                break
            entry = pointer.contents
            identifier = entry.identifier.decode()
            self.names[identifier] = entry.name.decode("utf-8", "replace").strip()
            if not self._has_dictionary(identifier):
                continue
            address = entry.languages
            while priority := ctypes.string_at(address, 1)[0]:
                tag = ctypes.string_at(address + 1)
                address += len(tag) + 2
                rank = (priority, identifier)
                best[tag.decode().lower()] = min(best.get(tag.decode().lower(), rank), rank)
        return {tag: identifier for tag, (_, identifier) in sorted(best.items())}

    def _has_dictionary(self, identifier: str) -> bool:
        """Some languages of the package lack theirs; they speak rubbish and write to stderr."""
        lines = (self._data / "lang" / identifier).read_text("utf-8", "replace").splitlines()
        settings: dict[str, str] = {}
        for line in lines:
            key, *values = line.split() or [""]
            if values:
                settings.setdefault(key, values[0])
        name = settings.get("dictionary", settings.get("language", "").split("-")[0])
        return (self._data / f"{name}_dict").is_file()

    def _take(self, samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            piece = ctypes.string_at(samples, count * 2)
            self._pieces.append(piece)
            self._bytes_left -= len(piece)
        return 1 if self._bytes_left <= 0 else 0  # 1: synthesise no more

    def speak(self, text: str, voice: str, words_a_minute: int, flags: int = 0) -> bytes:
        """16-bit samples, native byte order, at ``rate``. Not thread safe."""
        self._pieces = []
        self._bytes_left = _LONGEST_S * self.rate * 2
        # A NUL would end the text; half a surrogate pair is no character.
        data = text.replace("\0", " ").encode("utf-8", "replace")
        flags |= _CHARS_UTF8
        with self._opened() as lib:
            if lib.espeak_SetVoiceByName(voice.encode()) != 0:
                # Otherwise it would speak with its default voice, without a word.
                raise _unusable(f"the voice {voice!r} does not load")
            # Its noise (in s, sh…) would be seeded from the clock.
            lib.espeak_ng_SetRandSeed(ctypes.c_long(1))
            lib.espeak_SetParameter(_RATE, words_a_minute, 0)
            lib.espeak_SetSynthCallback(self._callback)
            lib.espeak_Synth.argtypes = (
                ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int,
                ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p,
            )  # fmt: skip
            lib.espeak_Synth(data, len(data) + 1, 0, _POS_CHARACTER, 0, flags, None, None)
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)

    def phonemes(self, text: str, voice: str) -> str:
        """How ``voice`` would say it, in IPA with ``_`` between the sounds. Not thread safe."""
        rest = ctypes.c_char_p(text.replace("\0", " ").encode("utf-8", "replace"))
        clauses: list[str] = []
        with self._opened() as lib:
            lib.espeak_SetVoiceByName(voice.encode())
            lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
            lib.espeak_TextToPhonemes.argtypes = (
                ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int,
            )  # fmt: skip
            while rest.value is not None:  # the library moves it on by a clause, at last to NULL
                found = lib.espeak_TextToPhonemes(ctypes.byref(rest), _CHARS_UTF8, _IPA)
                clauses.append(found.decode("utf-8", "replace"))
        return " ".join(clauses)


def _unload(library: ctypes.CDLL) -> None:
    if sys.platform == "win32":
        _ctypes.FreeLibrary(library._handle)
    else:
        _ctypes.dlclose(library._handle)


_lock = threading.Lock()
_library: _Library | None = None


def _loaded() -> _Library:
    """The library, loaded at first use. The lock must be held."""
    global _library
    if _library is None:
        _library = _Library()
    return _library


def _unusable(why: str) -> SoundUnavailable:
    return SoundUnavailable(
        f"the embedded voice does not work: {why}; try: pip install --force-reinstall"
        " espeakng-loader"
    )


def languages() -> list[str]:
    """The language tags that the embedded voice speaks, in lower case. Or SoundUnavailable."""
    with _lock:
        return list(_loaded().languages)


def phonemes(text: str, language: str) -> str:
    """How the embedded voice of ``language`` (one of ``languages()``) would say ``text``: IPA with
    ``_`` between the sounds of a word. Or SoundUnavailable."""
    with _lock:
        library = _loaded()
        return library.phonemes(text, library.languages[language])


class Espeak:
    """The embedded voice as an engine."""

    name: Final = EMBEDDED
    about: Final = "eSpeak NG, embedded: at once, offline, SSML; women and men"
    online: Final = False

    @property
    def version(self) -> str:
        with _lock:
            return f"{_loaded().version} {_MARKUP}"

    def offers(self) -> list[Offer]:
        with _lock:
            library = _loaded()
            return [Offer(tag, library.names[voice]) for tag, voice in library.languages.items()]

    def nearest(self, language: str) -> tuple[str, str]:
        with _lock:
            return nearest(language, _loaded().languages)

    def render(self, text: str, voice: Voice, *, speed: float = 1.0, ssml: bool = False) -> Clip:
        """``clip.note`` says when a language was replaced by the nearest, or the prompt was cut
        at ten minutes."""
        return _render(text, voice.language, _variant(voice), speed, ssml)


class Synthesizer:
    """The embedded voice alone, with variants of it that no platform asks for.

    ``rate``: of the clips in Hz, None for the voice's own (22050). Clips are kept by content;
    those not used for longest are dropped beyond ``cache_bytes``. May be used from several
    threads.
    """

    def __init__(self, rate: int | None = None, cache_bytes: int = 64 * 2**20) -> None:
        self._rate = rate
        self._memory = ClipMemory(cache_bytes)

    def render(
        self,
        text: str,
        *,
        language: str = "en-US",
        variant: str | None = None,
        speed: float = 1.0,
        ssml: bool = False,
    ) -> Clip:
        """``text`` spoken. ``speed`` is a factor; ``variant`` a voice such as ``f2`` or ``m3``.

        ``clip.note`` says when the language was replaced by the nearest, or the prompt was cut
        at ten minutes. SoundUnavailable when there is no voice; AudioError when ``ssml`` and
        the text is not well-formed XML.
        """
        key = (text, language, variant, speed, ssml)
        clip = self._memory.get(key)
        if clip is None:
            clip = _render(text, language, variant or _FEMALE[0], speed, ssml)
            if self._rate is not None:
                clip = clip.resample(self._rate)
            self._memory.put(key, clip)
        return clip


def _variant(voice: Voice) -> str:
    variants = _MALE if voice.male else _FEMALE
    return variants[voice.number % len(variants)]


def _render(text: str, language: str, variant: str, speed: float, ssml: bool) -> Clip:
    parts = read(text, language) if ssml else None
    words_a_minute = round(min(_FASTEST, max(_SLOWEST, _WORDS_A_MINUTE * speed)))
    notes: list[str] = []
    with _lock:
        library = _loaded()

        def spoken(words: str, wanted: str, flags: int = 0) -> bytes:
            tag, note = nearest(wanted, library.languages)
            notes.append(note)
            voice = f"{library.languages[tag]}+{variant}"
            return library.speak(words, voice, words_a_minute, flags)

        if parts is None:
            samples = _samples(spoken(text, language))
        else:
            pieces = [
                (_samples(spoken(marked, wanted or language, flags)) * _LOUDEST, pause_ms)
                for marked, wanted, flags, pause_ms in _runs(parts, words_a_minute)
            ]
            samples = _joined(pieces, library.rate)
        rate = library.rate
    if len(samples) >= _LONGEST_S * rate:
        notes.append(f"the prompt was cut after {_LONGEST_S} s")
    note = "; ".join(dict.fromkeys(filter(None, notes)))
    return Clip(samples[: _LONGEST_S * rate], rate, note)


def _samples(data: bytes) -> Samples:
    return np.frombuffer(data, np.int16).astype(np.float32) / np.float32(32768)


def _joined(pieces: Sequence[tuple[Samples, int]], rate: int) -> Samples:
    """Runs of words with pauses (ms) after them. The library ends each with the silence that
    belongs after the last."""
    joined: list[Samples] = []
    for index, (samples, pause_ms) in enumerate(pieces):
        if index < len(pieces) - 1:
            heard = np.flatnonzero(np.abs(samples) > _HEARD)
            end = (int(heard[-1]) + 1 if len(heard) else 0) + rate * _BETWEEN_MS // 1000
            samples = samples[:end]
        joined += [samples, np.zeros(pause_ms * rate // 1000, np.float32)]
    return np.concatenate([np.zeros(0, np.float32), *joined])


_MARKUP = 1
"""Raised when the same SSML sounds different: clips on disk are then made again."""


def _runs(parts: Sequence[Part], words_a_minute: int) -> Iterator[tuple[str, str, int, int]]:
    """For each language in turn: markup that the library understands, the language ('' is that
    of the prompt), flags, and the pause after it in milliseconds.

    A voice of its own for each: in the library's markup another one is that of a man.
    """
    for language, run in groupby(parts, key=_Languages()):
        in_turn = list(run)
        pause_ms = 0
        while in_turn and isinstance(last := in_turn[-1], Pause):
            pause_ms += last.ms
            in_turn.pop()
        phonemes = any(isinstance(part, Words) and part.phonemes for part in in_turn)
        marked = "".join(_marked(part, words_a_minute, phonemes) for part in in_turn)
        flags = _SSML | (_PHONEMES if phonemes else 0)
        yield f"<speak>{marked}</speak>", language, flags, pause_ms


class _Languages:
    """The language of a part; a pause has that of the words before it."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, part: Part) -> str:
        if isinstance(part, Words):
            self._last = part.language or ""
        return self._last


def _marked(part: Part, words_a_minute: int, phonemes: bool) -> str:
    """Volume and rate of the library do not nest: all of a part is said at once."""
    if isinstance(part, Pause):
        return f'<break time="{part.ms}ms"/>'
    words = part.text
    if phonemes:  # then [[ and ]] mean something
        words = words.replace("[[", " ").replace("]]", " ")
        mnemonics = espeak_mnemonics(part.phonemes or "").split()
        words = "".join(f" [[{word}]] " for word in mnemonics) or words
    manner = [f'volume="{round(100 * part.volume / _LOUDEST)}"']
    if part.speed != 1.0:
        slowest, fastest = _SLOWEST / words_a_minute, _FASTEST / words_a_minute
        manner.append(f'rate="{round(100 * min(max(part.speed, slowest), fastest))}%"')
    if part.pitch != 1.0:
        manner.append(f'pitch="{round(100 * part.pitch)}%"')
    if part.range != 1.0:
        manner.append(f'range="{round(100 * part.range)}%"')
    return f"<prosody {' '.join(manner)}>{escape(words, quote=False)}</prosody>"
