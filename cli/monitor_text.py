"""How the monitor's words reach people and programs: lines of a terminal, JSON lines, the bodies of messages."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import click

from certlog.clean_text import json_text
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject
from certlog.timestamps import format_time
from cli.language import in_words, shown
from verifier.monitor import Look
from verifier.monitor_alarm import Alarm

_MARKS = {True: "-", False: "!"}


@dataclass(frozen=True, slots=True)
class Told:
    """Prints, for people in the language of this process or for programs in English."""

    as_json: bool

    def look(self, look: Look, *, now: int) -> None:
        """Print one look."""
        if self.as_json:
            for alarm in look.alarms:
                _line({"kind": "alarm", **alarm.to_json()})
            _line(_summary(look, now))
            return
        for alarm in look.alarms:
            click.echo(shown(alarm_line(alarm)))
        for problem in look.problems:
            click.echo(
                shown(f"? {in_words(Sentence('not looked at: {problem}', problem=problem))}"), err=True
            )
        size = 0 if look.state is None or look.state.checkpoint is None else look.state.checkpoint.size
        text = Sentence(
            "{time}: size {size}, {entries} new entries, {alarms} alarms, {notices} notices",
            time=format_time(now),
            size=size,
            entries=look.entries,
            alarms=sum(not alarm.is_notice for alarm in look.alarms),
            notices=sum(alarm.is_notice for alarm in look.alarms),
        )
        click.echo(in_words(text))

    def undelivered(self, problem: str) -> None:
        """Print that a message waits."""
        if self.as_json:
            _line({"kind": "undelivered", "what": str(problem)})
        else:
            click.echo(shown(in_words(Sentence("not delivered yet: {problem}", problem=problem))), err=True)


def alarm_line(alarm: Alarm) -> str:
    """Return an alarm as one line in the language of this process."""
    return f"{_MARKS[alarm.is_notice]} {format_time(alarm.at)} {alarm.concern}: {in_words(alarm.what)}"


def message_body(origin: str, alarms: Sequence[Alarm]) -> str:
    """Return the body of a webhook's message."""
    body: JSONObject = {"v": 1, "origin": origin, "alarms": [alarm.to_json() for alarm in alarms]}
    return json.dumps(body, ensure_ascii=False)


def mail_text(origin: str, alarms: Sequence[Alarm]) -> tuple[str, str]:
    """Return subject and text of a mail in the language of this process."""
    worst = sum(not alarm.is_notice for alarm in alarms)
    subject = (
        Sentence("[certlog] {origin}: {count} ALARMS", origin=origin, count=worst)
        if worst
        else Sentence("[certlog] {origin}: {count} notices", origin=origin, count=len(alarms))
    )
    last = in_words(Sentence("What each of these means and what to do: docs/monitoring.md of the project."))
    return in_words(subject), "\n".join([*(shown(alarm_line(alarm)) for alarm in alarms), "", last, ""])


def _summary(look: Look, now: int) -> JSONObject:
    checkpoint = None if look.state is None else look.state.checkpoint
    return {
        "kind": "look",
        "at": format_time(now),
        "size": 0 if checkpoint is None else checkpoint.size,
        "newEntries": look.entries,
        "alarms": sum(not alarm.is_notice for alarm in look.alarms),
        "notices": sum(alarm.is_notice for alarm in look.alarms),
        "problems": [str(problem) for problem in look.problems],
    }


def _line(value: JSONObject) -> None:
    click.echo(json_text(value))
