"""What `motcua restore topics` and `motcua replay` say, without a broker."""

import pytest

from deploy.cli.replay import replay_command
from deploy.errors import CommandError
from deploy.restore.topics import RESTORED, TopicRestored, summary
from shared.events.topics import PROGRESS, REFERENCE, TOPICS
from shared.service.written_ends import written_by


def test_every_canonical_topic_is_restored_and_watched() -> None:
    """But progress, of which only the newest marks count; reference goes first."""
    canonical = {topic.name for topic in TOPICS.values()} - {PROGRESS.name}
    assert {topic.name for topic in RESTORED} == canonical
    assert RESTORED[0] == REFERENCE
    writers = {topic.writer for topic in TOPICS.values()}
    assert frozenset().union(*map(written_by, writers)) == canonical
    assert not written_by("reporting")


def test_the_summary_says_what_was_done() -> None:
    """And that nothing had to be done."""
    nothing = [TopicRestored(topic.name, 0) for topic in RESTORED]
    assert summary(nothing, dry_run=False) == ["nothing is missing on the 6 canonical topics"]
    some = [
        TopicRestored("motcua.reference.v1", 645),
        TopicRestored("motcua.contacts.v1", 3, tombstones=1, lost=2),
        TopicRestored("motcua.notices.v1", 0),
    ]
    assert summary(some, dry_run=True) == [
        "motcua.reference.v1: 645 records are missing",
        (
            "motcua.contacts.v1: 3 records are missing, 1 of them for erased contacts; "
            "2 contacts are lost, since no store has their values: send them again"
        ),
    ]
    assert summary(some[:1], dry_run=False) == [
        "motcua.reference.v1: 645 records were missing and are published"
    ]


def test_what_publishers_sent_cannot_be_replayed() -> None:
    """The sentence names what can be done instead."""
    with pytest.raises(CommandError, match="`motcua topics accept-loss`"):
        replay_command("intake")
    with pytest.raises(CommandError, match="one of workflow, notifications, reporting"):
        replay_command("nobody")
