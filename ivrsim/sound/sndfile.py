"""libsndfile, through its package soundfile: loaded when it is first needed."""

from __future__ import annotations

from types import ModuleType

from ivrsim.errors import AudioError


def soundfile(purpose: str) -> ModuleType:
    """The package. AudioError, beginning with ``purpose``, when it does not load."""
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: there is no libsndfile
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise AudioError(f"{purpose} needs libsndfile: {reason}; pip install soundfile") from error
    module: ModuleType = soundfile
    return module
