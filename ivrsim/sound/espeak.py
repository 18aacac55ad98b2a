"""The embedded voice: eSpeak NG through ctypes, from the library in ``espeakng-loader``.

The library keeps its state in globals and is not thread safe, so there is one instance in the
process and one lock around it. Rendering takes about a thousandth of what it lasts.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from xml.parsers import expat

import numpy as np

from ivrsim.errors import AudioError, SoundUnavailable
from ivrsim.sound.clip import Clip
from ivrsim.sound.voices import FEMALE, nearest

# From espeak-ng/speak_lib.h
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_SSML = 0x10
_POS_CHARACTER = 1
_RATE = 1
_VARIANT_AGE_BYTES = 4

_WORDS_A_MINUTE = 155  # the library's own 175 is brisk; announcements on the telephone are not
_SLOWEST, _FASTEST = 80, 450  # words a minute; beyond them the library changes nothing or garbles
_LONGEST_PATH = 150  # of the data folder: the library has 160 bytes for it
_LONGEST_S = 600  # of one prompt: as long as a whole call may last
_CACHE_BYTES = 64 * 2**20


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
    """The one instance. SoundUnavailable when it cannot be loaded."""

    def __init__(self) -> None:
        try:
            import espeakng_loader

            self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
            data = Path(espeakng_loader.get_data_path())
        except (ImportError, OSError, RuntimeError) as error:
            raise _unusable(str(error)) from error
        if not (data / "phontab").is_file():  # the library would say so on stderr itself
            raise _unusable(f"no voice data in {data}")
        self._data = data
        self.rate = self._initialise(data)
        self._pieces: list[bytes] = []
        self._bytes_left = 0
        self._callback = _Callback(self._take)  # kept: the library holds only its address
        self._lib.espeak_SetSynthCallback(self._callback)
        self._lib.espeak_Synth.argtypes = (
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int,
            ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p,
        )  # fmt: skip
        self.languages = self._languages()

    def _initialise(self, data: Path) -> int:
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
        self._link = link  # the library opens dictionaries later: keep it as long as the process
        rate = int(
            self._lib.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 200, path, _INITIALIZE_DONT_EXIT)
        )
        if rate <= 0:
            raise _unusable(f"the library does not start with the data in {data}")
        return rate

    def _languages(self) -> dict[str, str]:
        """Language tag (lower case) → the library's identifier of its best voice."""
        self._lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceEntry))
        self._lib.espeak_ListVoices.argtypes = (ctypes.c_void_p,)
        best: dict[str, tuple[int, str]] = {}
        for pointer in self._lib.espeak_ListVoices(None):
            if not pointer:
                break
            entry = pointer.contents
            identifier = entry.identifier.decode()
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

    def speak(self, text: str, voice: str, words_a_minute: int, ssml: bool) -> bytes:
        """16-bit samples, native byte order, at ``rate``. Not thread safe."""
        if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
            # Otherwise it would go on with the voice before, without a word.
            raise _unusable(f"the voice {voice!r} does not load")
        # Its noise (in s, sh…) would be seeded from the clock: the same words, the same samples.
        self._lib.espeak_ng_SetRandSeed(ctypes.c_long(1))
        self._lib.espeak_SetParameter(_RATE, words_a_minute, 0)
        self._pieces = []
        self._bytes_left = _LONGEST_S * self.rate * 2
        # A NUL would end the text; half a surrogate pair is no character.
        data = text.replace("\0", " ").encode("utf-8", "replace")
        flags = _CHARS_UTF8 | (_SSML if ssml else 0)
        self._lib.espeak_Synth(data, len(data) + 1, 0, _POS_CHARACTER, 0, flags, None, None)
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)

    @property
    def was_cut(self) -> bool:
        return self._bytes_left <= 0


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


class Synthesizer:
    """Renders text to clips, and keeps them by content: the same prompt is rendered once.

    ``rate``: of the clips in Hz, None for the voice's own (22050). The cache drops what was
    not used for longest beyond ``cache_bytes``. May be used from several threads.
    """

    def __init__(self, rate: int | None = None, cache_bytes: int = _CACHE_BYTES) -> None:
        self._rate = rate
        self._limit = cache_bytes
        self._cache: OrderedDict[tuple[object, ...], Clip] = OrderedDict()
        self._cached_bytes = 0
        self._cache_lock = threading.Lock()

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
        the text is not well-formed XML (the library would say half of it, without an error).
        """
        key = (text, language, variant, speed, ssml)
        with self._cache_lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        if ssml:
            _check_ssml(text)
        clip = _render(text, language, variant or FEMALE[0], speed, ssml)
        if self._rate is not None:
            clip = clip.resample(self._rate)
        with self._cache_lock:
            self._keep(key, clip)
        return clip

    def _keep(self, key: tuple[object, ...], clip: Clip) -> None:
        if key in self._cache or clip.samples.nbytes > self._limit:
            return
        self._cache[key] = clip
        self._cached_bytes += clip.samples.nbytes
        while self._cached_bytes > self._limit:
            _, oldest = self._cache.popitem(last=False)
            self._cached_bytes -= oldest.samples.nbytes


def _render(text: str, language: str, variant: str, speed: float, ssml: bool) -> Clip:
    words_a_minute = round(min(_FASTEST, max(_SLOWEST, _WORDS_A_MINUTE * speed)))
    with _lock:
        library = _loaded()
        tag, note = nearest(language, library.languages)
        voice = f"{library.languages[tag]}+{variant}"
        data = library.speak(text, voice, words_a_minute, ssml)
        cut, rate = library.was_cut, library.rate
    if cut:
        note = "; ".join(filter(None, (note, f"the prompt was cut after {_LONGEST_S} s")))
    return Clip(np.frombuffer(data, np.int16).astype(np.float32) / np.float32(32768), rate, note)


def _check_ssml(text: str) -> None:
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise AudioError("SSML: a document type is not allowed; remove <!DOCTYPE …>")

    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise AudioError(
            f"SSML:{error.lineno}:{error.offset + 1}: {expat.ErrorString(error.code)};"
            " expected well-formed XML inside <speak>…</speak>"
        ) from error
