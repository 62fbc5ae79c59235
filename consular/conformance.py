"""``consular conformance``: check an agency against its contract and print what was found."""

from __future__ import annotations

import ipaddress
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import click

from consular.startup import CannotStart
from integrations.conformance.checking import Checker, Report, may_be_heard
from integrations.conformance.contract import NoContract
from integrations.conformance.listening import Listener, listening
from integrations.registry import AGENCIES, Agency
from services.kernel.clock import system_clock


@dataclass(frozen=True)
class Options:
    """What the command was given besides the address and the agency."""

    secret: str = ""
    listen: str | None = None
    callback_secret: str | None = None
    wait: float = 60.0
    i_may_send: bool = False


def check_agency(url: str, code: str, options: Options) -> bool:
    """Check it and print a table. False on any breach; raises `CannotStart`."""
    agency = _agency(code)
    _refuse_unasked(url, options)
    click.echo(f"Sends synthetic requests to {url} as {code}.")
    with ExitStack() as stack:
        listener = _listener(stack, agency, options)
        try:
            today = system_clock().date()
            checker = Checker(agency, url, options.secret, today=today, listener=listener)
        except (NoContract, TypeError, KeyError):
            raise CannotStart(f"There is no contract of {code} to check against.", "") from None
        report = checker.run()
    _show(report)
    return report.good


def _agency(code: str) -> Agency:
    if code not in AGENCIES:
        raise CannotStart(f"There is no agency {code}.", f"One of {', '.join(AGENCIES)}.")
    return AGENCIES[code]


def _refuse_unasked(url: str, options: Options) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CannotStart("The agency's address is no URL.", "It looks like https://host/path.")
    if not options.i_may_send and not _on_this_machine(parts.hostname):
        raise CannotStart(
            f"This would send synthetic requests to {parts.hostname}, which isn't this machine.",
            "Where that is agreed with the agency, repeat it with --i-may-send.",
        )


def _on_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listener(stack: ExitStack, agency: Agency, options: Options) -> Listener | None:
    if options.listen is None:
        return None
    if not may_be_heard(agency) or not options.callback_secret:
        raise CannotStart(
            f"{agency.code} calls nobody back about synthetic requests,"
            " or its callbacks' secret isn't given.",
            "Leave --listen out, or give --callback-secret.",
        )
    host, _, port = options.listen.rpartition(":")
    if not port.isdecimal():
        raise CannotStart("--listen is HOST:PORT.", "For instance 127.0.0.1:8090.")
    listener = Listener(options.callback_secret, options.wait)
    stack.enter_context(listening(listener, host or "127.0.0.1", int(port)))
    return listener


def _show(report: Report) -> None:
    for finding in report.findings:
        click.echo(f"{'ok    ' if finding.problem is None else 'BREACH'}  {finding.check}")
        if finding.problem is not None:
            click.echo(f"        -> {finding.problem}")
    click.echo(f"Grade {report.grade.value}")
