"""Every key of the application, on a call that a test plays by hand."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from ivrsim.tui.call.conversation import spoken_characters
from ivrsim.tui.call.detail import DetailBody
from ivrsim.tui.help import HelpScreen
from ivrsim.tui.home.screen import HomeScreen
from ivrsim.tui.keymap import CALL, EVERYWHERE, HOME
from ivrsim.tui.lines import Lines
from ivrsim.tui.palette import run_command
from ivrsim.tui.spans import text_of_row
from tests.tui.fake import PROMPT, Desk, FakeCall, begin, finish, screen_of, settle, until

WIDE = (160, 50)


def shown(lines: Lines) -> str:
    return "\n".join(text_of_row(lines.row(y, lines.width)[0]) for y in range(lines._count))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from ivrsim.tui.app import IvrsimApp

    texts: list[str] = []
    monkeypatch.setattr(IvrsimApp, "copy", lambda self, text, what: texts.append(text))
    return texts


async def test_digits_go_to_the_call_and_light_the_keypad(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivrsim.tui.call.keypad._LIT_S", 60.0)
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        lit = []
        for key in ("1", "asterisk", "number_sign", "0"):
            await pilot.press(key)
            lit += list(screen_of(pilot.app).phone.keypad._lit)[-1:]
        assert [what[1] for what in desk.call.done] == lit == ["1", "*", "#", "0"]


async def test_digits_go_to_a_text_field_that_has_the_focus(desk: Desk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("slash", "2", "0", "h")
        assert desk.call.done == []
        assert screen_of(pilot.app).query_one("#needle", Input).value == "20h"


async def test_the_mouse_presses_keys(desk: Desk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        keypad = screen_of(pilot.app).phone.keypad
        for x, y in ((3, 1), (10, 4), (17, 10)):
            await pilot.mouse_down(keypad, offset=(x, y))
        assert [what[1] for what in desk.call.done] == ["1", "5", "#"]


async def test_the_mouse_hangs_up_and_calls_again(desk: Desk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.pause()
        await pilot.click(screen_of(pilot.app).phone.buttons, offset=(5, 0))
        assert desk.call.ended
        await settle(pilot)
        await pilot.click(screen_of(pilot.app).phone.buttons, offset=(5, 0))
        await pilot.pause()
        assert len(desk.calls) == 2


async def test_commands_of_the_call(desk: Desk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.happen(4000, "leg.created", "B", role="party", to="+6531589338")
        desk.call.happen(4000, "leg.ringing", "B")
        await pilot.press("s", "m", "m", "b", "a", "u", "j", "x", "h")
        assert desk.call.done == [
            ("skip",), ("mute", True), ("mute", False), ("mark", "bookmark"),
            ("party", "B", "answer"), ("party", "B", "busy"), ("party", "B", "reject"),
            ("party", "B", "hang_up"), ("hang_up",),
        ]  # fmt: skip


async def test_redial_uses_the_same_keys_without_the_hang_up(desk: Desk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("1", "h", "r")
        await pilot.pause()
        assert desk.placed == [("restaurant", None), ("restaurant", "^1")]
        assert screen_of(pilot.app).call is desk.call


async def test_redial_hangs_up_a_call_that_goes_on(desk: Desk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("r")
        await pilot.pause()
        assert desk.calls[0].ended
        assert not desk.calls[1].ended


async def test_redial_to_here_stops_at_the_selected_record(desk: Desk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("1")
        screen_of(pilot.app).trace.select(9)
        await pilot.press("R")
        await pilot.pause()
        assert desk.placed[-1] == ("restaurant", "")


async def test_copying_payload_curl_and_command_line(desk: Desk, copied: list[str]) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        finish(desk.call)
        await settle(pilot)
        screen_of(pilot.app).trace.select(3)
        await pilot.press("y", "c", "l")
        await pilot.pause()
        assert '"callStatus": "CALL_RECEIVED"' in copied[0]
        assert copied[1].startswith("curl -sS -X POST http://127.0.0.1:5000/vca -H ")
        assert "Authorization: ••••" in copied[1]
        assert copied[2] == "ivrsim call restaurant --keys '^1'"


async def test_what_was_copied_lies_in_a_private_file(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        app.copy("half \ud800 pair", "the payload")
        await pilot.pause()
        path = app._copies._path
        assert path is not None
        assert path.read_text() == "half ? pair"
        assert path.stat().st_mode & 0o777 == 0o600
        assert any(str(path) in notice.message for notice in app._notifications)
        app._copies._remove()


async def test_the_detail_follows_the_latest_webhook_until_somebody_chooses(desk: Desk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        screen = screen_of(pilot.app)
        assert screen.detail.record is desk.call.records[3]
        assert '"callflow": [' in shown(screen.query_one(DetailBody))
        screen.trace.focus()
        await pilot.press("up")
        await until(pilot, lambda: screen.detail.record is desk.call.records[2])
        desk.call.happen(4100, "webhook.request", webhook="w9", title="VCS", sent=True)
        await settle(pilot)
        assert screen.detail.record is desk.call.records[2]
        await pilot.press("e")
        await settle(pilot)
        assert screen.detail.record is desk.call.records[-1]


async def test_tabs_of_the_detail(desk: Desk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        screen = screen_of(pilot.app)
        body = screen.query_one(DetailBody)
        seen = []
        for _ in range(4):
            seen.append(shown(body))
            await pilot.press("t")
        reply, timing, record, request = seen
        assert "promptMessage" in reply
        assert "how it came about" in timing
        assert "200 VCA CALL_RECEIVED" in timing
        assert '"kind": "webhook.response"' in record
        assert "POST http://127.0.0.1:5000/vca" in request


async def test_request_stands_beside_reply_where_there_is_room(desk: Desk) -> None:
    async with desk.app().run_test(size=(200, 60)) as pilot:
        begin(desk.call)
        await settle(pilot)
        screen = screen_of(pilot.app)
        screen.detail.body.focus()
        await pilot.press("z")

        def side_by_side() -> bool:
            lines = shown(screen.detail.body).splitlines()
            return any("POST http" in line and "│ 200 212 B" in line for line in lines)

        await until(pilot, side_by_side)
        await pilot.press("escape")
        assert not screen.has_class("-zoom")
        assert not desk.call.ended


async def test_filter_by_text_and_by_chips(desk: Desk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        trace = screen_of(pilot.app).trace
        await pilot.press("slash", *"welcome")
        await pilot.pause()
        assert {desk.call.records[i].kind for i in trace.shown} == {
            "webhook.response", "document.received", "prompt.started",
        }  # fmt: skip
        await pilot.press("escape", "f")
        await pilot.pause()
        assert {desk.call.records[i].kind for i in trace.shown} == {
            "webhook.request", "webhook.response",
        }  # fmt: skip
        await pilot.click(screen_of(pilot.app).chips, offset=(3, 0))
        await pilot.pause()
        assert len(trace.shown) == len(desk.call.records)


async def test_a_long_trace_is_filtered_piece_by_piece(desk: Desk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        for number in range(9000):
            desk.call.happen(4000, "mark", text=f"n{number}")
        await pilot.press("slash", *"n8999")
        shown = screen_of(pilot.app).trace.shown
        await until(pilot, lambda: shown.text == "n8999" and shown.searching is None)
        assert [desk.call.records[i].data["text"] for i in shown] == ["n8999"]


async def test_captions_are_lit_as_they_are_spoken(desk: Desk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        prompt = screen_of(pilot.app).view.prompt
        assert prompt is not None
        assert spoken_characters(prompt, 1000) == len("Welcome")
        assert PROMPT[: spoken_characters(prompt, 4000)].endswith(" table,")
        assert spoken_characters(prompt, 9000) == len(PROMPT)


async def test_escape_hangs_up_first_and_then_goes_back(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("escape")
        assert desk.call.ended
        screen_of(app)
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


async def test_control_c_hangs_up_and_then_leaves_with_the_status_of_the_call(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("ctrl+c")
        assert desk.call.ended
        await settle(pilot)
        await pilot.press("ctrl+c")
    assert app.return_value == 0


async def test_control_c_copies_a_selection(desk: Desk, copied: list[str]) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        conversation = screen_of(pilot.app).conversation
        conversation.text_select_all()
        await pilot.press("ctrl+c")
        assert "Welcome to ABC Restaurant." in copied[0]
        assert not desk.call.ended
        await pilot.press("ctrl+c")
        assert desk.call.ended


async def test_control_c_copies_what_was_typed_and_then_leaves(
    desk: Desk, copied: list[str]
) -> None:
    app = desk.app(calling=False)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("slash", *"app", "shift+home", "ctrl+c")
        assert copied == ["app"]
        assert app.is_running
        await pilot.press("ctrl+c")
    assert app.return_value == 0


async def test_the_end_of_a_failed_call_is_told(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        finish(desk.call, failed=True)
        await settle(pilot)
        text = " ".join(shown(screen_of(app).conversation).split())
        assert "✕ No reply to VCA ACTION_COMPLETED: http://h/vca: conn" in text
        assert "ERROR by application" in text
        assert "1 key · 2 webhooks · 0 warnings" in text
        await pilot.press("ctrl+c")
    assert app.return_value == 1


async def test_themes_help_and_palette(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("d")
        assert app.theme == "ivrsim-light"
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        help_text = shown(app.screen.query_one(Lines))
        assert all(command.about.split()[0] in help_text for command in (*HOME, *CALL, *EVERYWHERE))
        await pilot.press("escape", "ctrl+p")
        await pilot.pause()
        await pilot.press(*"hang", "enter")
        await until(pilot, lambda: desk.call.ended)


async def test_every_command_has_an_action(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE):
        for command in CALL:
            assert hasattr(app.screen, f"action_{command.id}")
        for command in HOME:
            assert hasattr(HomeScreen, f"action_{command.id}")
        for command in EVERYWHERE:
            assert hasattr(app, f"action_{command.id}")


async def test_small_terminals_show_one_view_at_a_time_and_resize_live(desk: Desk) -> None:
    async with desk.app().run_test(size=(80, 24)) as pilot:
        begin(desk.call)
        await settle(pilot)
        screen = screen_of(pilot.app)
        assert screen.conversation.display
        assert screen.conversation.size.height > 10
        assert screen.trace.size.height == 0
        await pilot.press("v")
        await pilot.pause()
        assert screen.trace.size.height > 5
        screen.trace.select(3)
        await pilot.resize_terminal(160, 50)
        await pilot.pause()
        assert screen.trace.size.height > 10
        assert screen.conversation.size.height > 10
        assert screen.trace.selected == 3
        await pilot.press("2")
        assert desk.call.done == [("press", "2")]


async def test_home_lists_samples_and_calls_what_is_typed(desk: Desk) -> None:
    app = desk.app(calling=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert desk.placed == [("parcel", None)]
        desk.call.hang_up()
        await pilot.press("escape", "slash", *"broken", "enter")
        await pilot.pause()
        problem = str(app.screen.query_one("#problem").render())
        assert problem == "broken: no such file; [red]is[/red] this it?"
        await run_command(app.screen, "home_quit")
    assert app.return_value == 0


async def test_a_mistake_of_ours_is_shown_and_does_not_look_like_a_call(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: FakeCall) -> None:
        raise RuntimeError("injected")

    monkeypatch.setattr(FakeCall, "run", broken)
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        said = "internal error: RuntimeError: injected"
        await until(pilot, lambda: said in shown(screen_of(app).conversation))
        assert app.exit_status == 3
