"""After each call one rule says what comes next; no answer is taken for another."""

from __future__ import annotations

import pytest

from services.remittances.rules import FINAL, RESENDABLE, Next, Reply, Status, Step, next_step


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("reply", list(Reply))
def test_every_call_has_one_next_step(step: Step, status: Status, reply: Reply) -> None:
    following = next_step(step, status, reply)
    assert (following is Next.TAKE_WORD) == (reply is Reply.SAID)
    # Sent again only after the agency, asked, knew nothing; given back only after it refused.
    assert (following is Next.RESEND) == (step is Step.ASK and reply is Reply.NOT_FOUND)
    if following is Next.TAKE_REFUSAL:
        assert (step, reply) == (Step.SEND, Reply.REFUSED)
    if following is Next.TAKE_ABSENCE:
        assert (step, reply) == (Step.CANCEL, Reply.NOT_FOUND)


@pytest.mark.parametrize("status", list(Status))
def test_a_lost_answer_is_never_taken_for_a_no(status: Status) -> None:
    assert next_step(Step.SEND, status, Reply.LOST) is Next.MARK_UNKNOWN
    assert next_step(Step.CANCEL, status, Reply.LOST) is Next.RETRY
    assert next_step(Step.ASK, status, Reply.LOST) is Next.RETRY


@pytest.mark.parametrize("status", sorted(set(Status) - FINAL))
def test_an_unanswered_question_keeps_an_unknown_outcome_unknown(status: Status) -> None:
    following = next_step(Step.ASK, status, Reply.NEVER_SENT)
    assert following is (Next.MARK_UNKNOWN if status in RESENDABLE else Next.RETRY)


def test_what_certainly_was_not_sent_is_put_back() -> None:
    assert next_step(Step.SEND, Status.SENDING, Reply.NEVER_SENT) is Next.PUT_BACK
