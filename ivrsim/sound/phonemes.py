"""Phonetic alphabets: X-SAMPA to IPA, and IPA to the mnemonics of eSpeak NG."""

from __future__ import annotations

import re
from typing import Final


def _pairs(table: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in table.split())


# The International Phonetic Association's chart beside the mnemonics of phsource/phonemes. A
# voice that lacks a phoneme leaves it out.
_ESPEAK: Final = _pairs(
    "eɪ=eI aɪ=aI aʊ=aU oʊ=oU əʊ=oU ɔɪ=OI ɪə=i@ eə=e@ ɛə=e@ ʊə=U@ tʃ=tS dʒ=dZ ts=ts dz=dz "
    "ə=@ ɐ=a# æ=a a=a ɑ=A ɒ=0 ɔ=O ʌ=V ɛ=E e=e ɜ=3: ɝ=3: ɚ=3 ɪ=I i=i ʊ=U u=u o=o ø=Y œ=W y=y "
    "ɡ=g ŋ=N ð=D θ=T ʃ=S ʒ=Z ɹ=r r=r ʁ=r ɾ=* ʔ=? ç=C ɲ=n^ ʎ=l^ β=B ɣ=Q ʋ=v ɫ=l ʍ=w "
    "ɜː=3: ɑː=A: ɔː=O: iː=i: uː=u: ˈ=' ˌ=, ː=: \u0303=~ \u0329=-"
)
_LONGEST_FIRST: Final = re.compile("|".join(sorted(map(re.escape, _ESPEAK), key=len, reverse=True)))
# Not sounds: ties, syllable breaks, brackets around the whole.
_LEFT_OUT: Final = re.compile("[\u0361\u035c.|‖/\\[\\]()]")
_PLAIN: Final = frozenset("abdfghijklmnopqrstuvwxyz ")

_X_SAMPA: Final = _pairs(
    "r\\=ɹ h\\=ɦ @`=ɚ "
    "@=ə {=æ A=ɑ Q=ɒ O=ɔ V=ʌ E=ɛ 3=ɜ I=ɪ U=ʊ 2=ø 9=œ 6=ɐ Y=ʏ }=ʉ 1=ɨ 7=ɤ M=ɯ "
    "g=ɡ N=ŋ D=ð T=θ S=ʃ Z=ʒ R=ʁ 4=ɾ ?=ʔ C=ç J=ɲ L=ʎ B=β G=ɣ P=ʋ H=ɥ K=ɬ "
    '"=ˈ %=ˌ :=ː _~=\u0303 ~=\u0303'
) | {"=": "\u0329"}
_X_SAMPA_SIGN: Final = re.compile("|".join(sorted(map(re.escape, _X_SAMPA), key=len, reverse=True)))


def from_x_sampa(text: str) -> str:
    """X-SAMPA as IPA."""
    return _X_SAMPA_SIGN.sub(lambda sign: _X_SAMPA[sign[0]], text)


def espeak_mnemonics(ipa: str) -> str:
    """IPA as eSpeak NG's mnemonics, words apart by spaces; signs without one are left out."""
    found: list[str] = []
    text = _LEFT_OUT.sub("", ipa)
    at = 0
    while at < len(text):
        sign = _LONGEST_FIRST.match(text, at)
        if sign is not None:
            found.append(_ESPEAK[sign[0]])
            at = sign.end()
        else:
            if text[at] in _PLAIN:
                found.append(text[at])
            at += 1
    return "".join(found)
