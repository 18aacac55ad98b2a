"""How English words sound, as ARPAbet phones: what pocketsphinx's model of speech is made of.

For words that its dictionary lacks (names, numerals, abbreviations) the embedded voice is asked:
what it would say, as IPA, is mapped phone by phone.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from ivrsim.sound.espeak import phonemes

_LANGUAGE = "en-us"  # that of the recogniser's model


def _pairs(table: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in table.split())


# The IPA that eSpeak NG writes for en-US, without stress and length, beside cmudict's phones.
_PHONES: Final = _pairs(
    "aɪ=AY aʊ=AW eɪ=EY oʊ=OW əʊ=OW ɔɪ=OY tʃ=CH dʒ=JH "
    "i=IY ɪ=IH ᵻ=IH e=EH ɛ=EH æ=AE a=AA ɑ=AA ɒ=AA ɔ=AO o=OW ʊ=UH u=UW ʌ=AH ə=AH ɐ=AH "
    "ɚ=ER ɜ=ER ɝ=ER p=P b=B t=T ɾ=T ʔ=T d=D k=K x=K ɡ=G g=G f=F v=V θ=TH ð=DH s=S z=Z ʃ=SH ʒ=ZH "
    "h=HH m=M n=N ŋ=NG l=L ɬ=L ɹ=R r=R j=Y w=W"
)
_LONGEST_FIRST: Final = re.compile("|".join(sorted(map(re.escape, _PHONES), key=len, reverse=True)))
_LEFT_OUT: Final = re.compile(r"\([a-z-]+\)|[ˈˌːʰ'_\s-]")  # a change of language; stress; length


def pronounce(text: str) -> str | None:
    """``text`` (a word, a number) as phones: ``Nexmo`` → ``N EH K S M OW``.

    None when it is silent or has a sound that English lacks. SoundUnavailable without the
    embedded voice.
    """
    return _arpabet(phonemes(text, _LANGUAGE))


def _arpabet(ipa: str) -> str | None:
    plain = "".join(sign for sign in ipa if not unicodedata.combining(sign))
    phones = []
    for piece in re.split(r"[_\s]", plain):  # so that t and ʃ of two syllables stay apart
        sounds = _LEFT_OUT.sub("", piece)
        at = 0
        while at < len(sounds):
            sign = _LONGEST_FIRST.match(sounds, at)
            if sign is None:
                return None
            phones.append(_PHONES[sign[0]])
            at = sign.end()
    return " ".join(phones).replace("ER R", "ER") or None  # cmudict: delivery is … V ER IY
