"""What can be typed. argparse: it starts in 10 ms, and ``run`` and ``call`` share their options."""

from __future__ import annotations

import argparse
from typing import NoReturn

from ivrsim.cli.parts import add_debug as _debug
from ivrsim.cli.parts import add_voice as _voice
from ivrsim.cli.trace_commands import add_trace_commands
from ivrsim.errors import InputError
from ivrsim.version import __version__

MAIN = """\
ivrsim: a voice platform on your desk. It plays the part of the 8x8 or the Vonage Voice API,
so that an IVR application can be called, heard, watched and tested on this machine.

  ivrsim                             choose from the sample flows
  ivrsim run restaurant              call a sample, with keypad, sound and trace on screen
  ivrsim run http://localhost:5000/answer --platform vonage
                                     call your own application
  ivrsim call flow.yaml --keys "1 2" the same call without a screen
  ivrsim check flow.yaml             what is wrong with a flow or document
  ivrsim open call.jsonl             look into a recorded call, go back in it, change it
  ivrsim replay call.jsonl           make the recorded call again: what differs?
  ivrsim voices                      who can speak prompts
  ivrsim dtmf recording.wav          the digits in an audio file
  ivrsim doctor                      what works on this machine
"""

TARGET = """\
targets:
  flow.yaml                   a flow file: scripted pages, or what to call and how
  ncco.json, callflow.json    a bare document: an array is an NCCO, an object with
                              callflow is 8x8
  http://localhost:5000/vca   a running application: its answer URL or VCA URL
  app.py:app/answer           an ASGI or WSGI application in a file, served while the call lasts
  package.module:app/answer   the same by module
  restaurant                  a sample by its name (ivrsim lists them)
"""

KEYS = """\
keys: one group for each try of a capture, split as a shell does
  "1 2"           1 for the first capture, 2 for the next, when the prompt has ended
  "4711#"         several keys, 200 ms apart; a comma waits a second: "47,11#"
  "^1"            barge in, half a second after the prompt began
  "-"             stay silent for this capture
  'say:"two words"'  say something to a speech input, or into a recording; ^say:"…" barges in
  "A"             the fourth column of a telephone, A to D, is there too
  "1 hangup"      hang up instead of answering the second capture; hangup@12.5 at that second
"""

CALL_EXAMPLES = """\
examples:
  ivrsim call restaurant --keys "1 1"
  ivrsim call app.py:app/vca --platform 8x8 --keys "2" --json | jq .kind
  ivrsim call http://localhost:5000/answer --platform vonage --keys "^1 -" --clock real
  ivrsim call flow.yaml --set 8x8.barge_in=no --strict && echo passed

exit status: 0 the call ended as a call does, 1 the application failed it, 2 the command line or
a file is wrong, 3 ivrsim could not go on, 130 interrupted, 143 terminated
"""


VOICES = """\
examples:
  ivrsim voices                              all of them
  ivrsim voices en                           English, and what the platforms call it
  ivrsim voices prepare restaurant           speak what its pages say, and keep it
  ivrsim voices prepare flow.yaml --voice gtts

exit status of prepare: 1 when a prompt could not be spoken or an audio file not be had
"""


DTMF = """\
The digits of each file in one line on standard output, an empty line when there are none. Of a
stereo file the right channel is heard: in a recording by ivrsim that is the caller, and the left
one is the platform.

examples:
  ivrsim dtmf recording.wav                  4711#
  ivrsim dtmf recording.wav --times          a line for each: digit, start and end in seconds
  ivrsim dtmf recording.wav --channel left   what the platform keyed
  ivrsim dtmf *.mp3 --channel mix            several files: FILE: digits

exit status: 2 when a file cannot be read, or is not audio
"""


class Parser(argparse.ArgumentParser):
    """One clear line for a wrong command line, and no usage before it."""

    def error(self, message: str) -> NoReturn:
        message = message.replace("argument COMMAND: invalid choice", "no such command")
        raise InputError(f"{message}; `{self.prog} --help` says more")


def make_parser() -> Parser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = Parser(prog="ivrsim", description=MAIN, formatter_class=raw)
    parser.set_defaults(command=_home)
    parser.add_argument("--version", action="version", version=f"ivrsim {__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)

    run = commands.add_parser(
        "run",
        help="call TARGET in the application",
        description="Call TARGET in the terminal application: keypad, sound, live trace.",
        epilog=f"{TARGET}\n{KEYS}\nWith --keys the script presses first, then the keypad is yours.",
        formatter_class=raw,
    )
    _call_arguments(run, clock="real", devices="auto")
    run.add_argument("--silent", action="store_true", help="the same as --speakers off")
    run.add_argument(
        "--break", dest="breakpoints", action="append", default=[], metavar="WHERE",
        help="stand still there: a filter, or request FILTER, reply FILTER, action NAME, "
        "pointer /0; hit:2 means the second time (docs/debugging.md)",
    )  # fmt: skip
    run.set_defaults(command=_run)

    call = commands.add_parser(
        "call",
        help="the same call without a screen",
        description="Call TARGET and print the call as it happens, by default in virtual time.",
        epilog=f"{TARGET}\n{KEYS}\n{CALL_EXAMPLES}",
        formatter_class=raw,
    )
    _call_arguments(call, clock="virtual", devices="off")
    call.add_argument(
        "--json", action="store_true", help="print the trace itself (JSON Lines) instead of words"
    )
    call.add_argument("--strict", action="store_true", help="warnings fail the call, too")
    call.add_argument("-v", "--verbose", action="store_true", help="print every record")
    call.add_argument(
        "--filter", metavar="FILTER", help="print only the records that match (docs/filter.md)"
    )
    call.set_defaults(command=_call)

    check = commands.add_parser(
        "check",
        help="lint documents and flows",
        description="Lint flows (.yaml) and documents (.json): FILE:LINE:COL: code message.",
        epilog="exit status: 1 on any error (with --strict on any warning), else 0",
        formatter_class=raw,
    )
    check.add_argument("files", nargs="+", metavar="FILE")
    check.add_argument("--strict", action="store_true", help="warnings fail, too")
    _debug(check)
    check.set_defaults(command=_check)

    settings = commands.add_parser(
        "settings",
        help="where the platforms' sources disagree or are silent",
        description="List the settings: choices between readings of a platform, the default\n"
        "first, each with its basis and the page it is about.",
        epilog="use one with --set NAME=VALUE, or under settings: in a flow",
        formatter_class=raw,
    )
    settings.add_argument("text", nargs="?", metavar="TEXT", help="only those that contain TEXT")
    settings.add_argument("--platform", choices=("vonage", "8x8"), help="only those of a platform")
    settings.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="show it with this value"
    )
    _debug(settings)
    settings.set_defaults(command=_settings)

    voices = commands.add_parser(
        "voices",
        help="who can speak, and prompts spoken ahead",
        usage="%(prog)s [TEXT] | %(prog)s prepare TARGET",
        description="List the voices and their languages, or speak the prompts of TARGET ahead\n"
        "and keep them, so that a call never waits for a voice.",
        epilog=VOICES,
        formatter_class=raw,
    )
    voices.add_argument(
        "words", nargs="*", metavar="TEXT",
        help="only languages that contain TEXT (en, en-GB, German); or: prepare TARGET",
    )  # fmt: skip
    voices.add_argument("--json", action="store_true", help="list as JSON")
    _voice(voices)
    voices.add_argument(
        "--platform", metavar="NAME", help="vonage or 8x8, where the target does not say"
    )
    voices.add_argument(
        "--insecure", action="store_true", help="do not verify TLS certificates of audio files"
    )
    voices.add_argument(
        "--allow", action="append", default=[], metavar="HOST",
        help="audio files may be fetched from HOST",
    )  # fmt: skip
    _debug(voices)
    voices.set_defaults(command=_voices)

    add_trace_commands(commands)

    dtmf = commands.add_parser(
        "dtmf",
        help="the digits in an audio file",
        description="Hear the DTMF digits (0-9 * # A-D) in audio files: wav, mp3, flac, ogg.",
        epilog=DTMF,
        formatter_class=raw,
    )
    dtmf.add_argument("files", nargs="+", metavar="FILE")
    dtmf.add_argument(
        "--channel", choices=("left", "right", "mix"), default="right",
        help="of a stereo file (right: the caller)",
    )  # fmt: skip
    dtmf.add_argument("--times", action="store_true", help="when each digit was heard")
    _debug(dtmf)
    dtmf.set_defaults(command=_dtmf)

    doctor = commands.add_parser(
        "doctor",
        help="what works here: speakers, voices, terminal",
        description="Say what works on this machine, and what to install where something does not.",
        formatter_class=raw,
    )
    _debug(doctor)
    doctor.set_defaults(command=_doctor)
    return parser


def _call_arguments(parser: argparse.ArgumentParser, *, clock: str, devices: str) -> None:
    add = parser.add_argument
    add("target", metavar="TARGET", help="what to call, see below")
    add("--keys", default="", metavar="KEYS", help="what the caller presses, see below")
    add("--platform", metavar="NAME", help="vonage or 8x8, where the target does not say")
    add("--from", dest="caller", metavar="NUMBER", help="the number that calls")
    add("--to", dest="callee", metavar="NUMBER", help="the number that is called")
    add(
        "--outbound", action="store_true", default=None,
        help="the platform calls the person at the keypad, who answers after 2 s",
    )  # fmt: skip

    vonage = parser.add_argument_group("Vonage")
    vonage.add_argument(
        "--answer-method", choices=("GET", "POST"), help="of the answer webhook (GET)"
    )
    vonage.add_argument("--event-url", metavar="URL", help="where events are sent")
    vonage.add_argument("--fallback-url", metavar="URL", help="asked when the answer URL fails")
    vonage.add_argument("--signature-secret", metavar="SECRET", help="sign webhooks with it")

    eight = parser.add_argument_group("8x8")
    eight.add_argument("--vca", metavar="URL", help="call action webhook (for a callflow document)")
    eight.add_argument("--vss", metavar="URL", help="session summary webhook")
    eight.add_argument("--vcs", metavar="URL", help="call status webhook")
    eight.add_argument("--webhook-auth", metavar="VALUE", help="sent as Authorization")

    web = parser.add_argument_group("webhooks")
    web.add_argument(
        "--header", action="append", default=[], metavar="'K: V'", help="sent with every webhook"
    )
    web.add_argument("--insecure", action="store_true", help="do not verify TLS certificates")
    web.add_argument(
        "--allow", action="append", default=[], metavar="HOST",
        help="webhooks may go to HOST (local ones and the target's own always may)",
    )  # fmt: skip

    sound = parser.add_argument_group("sound", "A call in real time is heard, and keeps its sound.")
    sound.add_argument(
        "--speakers", default=devices, metavar="NAME",
        help=f"off, auto, or a device of `ivrsim doctor` ({devices})",
    )  # fmt: skip
    sound.add_argument(
        "--microphone", default=devices, metavar="NAME",
        help=f"listen for digits and words: off, auto, or a device ({devices})",
    )  # fmt: skip
    _voice(sound)
    sound.add_argument(
        "--telephone", action="store_true", help="sound as a telephone: 300 to 3400 Hz, G.711"
    )
    sound.add_argument(
        "--audio", action="store_true",
        help="keep the sound in virtual time, too: stereo wav beside the trace",
    )  # fmt: skip

    more = parser.add_argument_group("the call")
    more.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help="a reading of the platform: `ivrsim settings` lists them",
    )  # fmt: skip
    more.add_argument(
        "--clock", default=clock, metavar="CLOCK", help=f"virtual, real or 4x ({clock})"
    )
    more.add_argument(
        "--max-time", type=float, default=600.0, metavar="SECONDS",
        help="of call time, then the caller hangs up (600)",
    )  # fmt: skip
    more.add_argument("--at", metavar="TIME", help="when the call begins: 09:30, or ISO 8601")
    more.add_argument("--seed", type=int, metavar="N", help="of ids and choices (random)")
    more.add_argument(
        "--dead-air", type=float, metavar="SECONDS",
        help="warn when the caller hears nothing for longer after a key (3)",
    )  # fmt: skip
    more.add_argument("--trace", metavar="FILE", help="write the trace there")
    more.add_argument("--no-history", action="store_true", help="do not keep the trace")
    _debug(parser)


# The commands are imported when they are used: each brings its own weight.


def _home(options: argparse.Namespace) -> int:
    from ivrsim.cli.application import home

    return home(options)


def _run(options: argparse.Namespace) -> int:
    from ivrsim.cli.application import run

    return run(options)


def _call(options: argparse.Namespace) -> int:
    from ivrsim.cli.call import call

    return call(options)


def _check(options: argparse.Namespace) -> int:
    from ivrsim.cli.check import check

    return check(options)


def _settings(options: argparse.Namespace) -> int:
    from ivrsim.cli.settings import settings

    return settings(options)


def _voices(options: argparse.Namespace) -> int:
    from ivrsim.cli.voices import voices

    return voices(options)


def _dtmf(options: argparse.Namespace) -> int:
    from ivrsim.cli.dtmf import dtmf

    return dtmf(options)


def _doctor(options: argparse.Namespace) -> int:
    from ivrsim.cli.doctor import doctor

    return doctor(options)
