"""What a session of a participant is made of, by docs/protocol.md: its claims, and a stream of numbered frames."""
import json
import time
import uuid

LEASE_TRUST = 0.95
FIRST_RETRY, LONGEST_RETRY = 0.25, 2.0
FULL_FRAME_BYTES = 32 * 1024
HOLDING = ("granted", "revoking")
ENDED = ("denied", "lost", "released")


def now():
    """Seconds of a clock that goes on while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Claim:
    """What a program wants, and what it was told of it."""

    def __init__(self, session, name, wish):
        self.id = uuid.uuid4().hex
        self.name = name
        self.wish = wish
        self.answer = {}
        self.token = None
        self.was_granted = False
        self.lease_ends = self.grace_ends = float("inf")
        self.given_up = None
        self.next_ask = 0.0
        # What is to be changed, and the part of it that was sent and is not answered yet.
        self.changes, self.sent_changes = {}, {}
        self._session = session

    @property
    def result(self):
        return self.answer.get("result")

    def is_held(self):
        """Whether the resource is this claim's at this moment; asks the clock each time."""
        if self.result not in HOLDING or self.token == self.given_up:
            return False
        ends = self.grace_ends if self.result == "revoking" else self.lease_ends
        return now() < ends and self._session.is_believed()

    def known(self):
        """What a new stream says of it, lengths in ms."""
        if not self.answer:
            return None
        was = {"granted": self.was_granted}
        if "order" in self.answer:
            was["order"] = self.answer["order"]
        if self.is_held():
            was["tokens"] = {resource: self.token for resource in self.answer["resources"]}
        if self.lease_ends < float("inf"):
            was["remaining"] = max(0, int((self.lease_ends - now()) * 1000))
        if self.result == "revoking":
            was["revoking"] = max(0, int((self.grace_ends - now()) * 1000))
        return was

    def operation(self):
        """The `claim` op that lists it."""
        known = self.known()
        listed = {"op": "claim", "id": self.id, "name": self.name, "message": self.wish, "keep": False}
        if self.sent_changes:
            self.changes, self.sent_changes = {**self.sent_changes, **self.changes}, {}
        if self.changes:
            listed["changing"] = True
        return listed if known is None else {**listed, "was": known}

    def next_update(self):
        """The `update` op that is to be sent now, if there is one: the next one follows when this one is answered."""
        if self.sent_changes or not self.changes:
            return None
        self.changes, self.sent_changes = {}, self.changes
        return {"op": "update", "id": self.id, "change": self.sent_changes}

    def take(self, answer, counted_from):
        """Takes an answer, whose lease counts from a moment that the arbiter cannot be ahead of."""
        self.answer, self.sent_changes = answer, {}
        left = answer.get("remaining", float("inf")) / 1000
        if answer["result"] == "revoking":
            # The arbiter waits a little longer than it was asked to, so as not to be early by anybody's clock.
            grace = self.wish.get("grace", 0) / 1000
            self.grace_ends = min(counted_from + left * LEASE_TRUST, now() + grace)
        else:
            self.lease_ends = counted_from + left * LEASE_TRUST
        if answer["result"] in HOLDING:
            self.token, self.was_granted = answer["token"], True


class Stream:
    """One numbered exchange of frames, begun by a hello."""

    def __init__(self, number, epoch, operations):
        self.number, self.epoch = number, epoch
        self.begun_at = now()
        self.unacknowledged = []
        self.sent = self.acknowledged = self.received = 0
        self.is_ack_due = False
        self.retry, self.retry_at = FIRST_RETRY, float("inf")
        self.hello_acknowledged_at_beat = None
        for part in _frames_of(operations):
            self.add(part)
        self.ready = self.sent

    def add(self, operations):
        """A frame with these ops, to be kept until it is acknowledged."""
        self.sent += 1
        frame = {"n": self.sent, "ops": operations}
        self.unacknowledged.append(frame)
        self.retry_at = min(self.retry_at, now() + self.retry)
        return frame

    def acknowledge(self, ack):
        if ack <= self.acknowledged:
            return
        self.acknowledged = ack
        self.unacknowledged = [frame for frame in self.unacknowledged if frame["n"] > ack]
        self.retry = FIRST_RETRY
        self.retry_at = now() + self.retry if self.unacknowledged else float("inf")

    def repeated(self, moment):
        """Everything was sent again: the next time is later."""
        self.retry = min(self.retry * 2, LONGEST_RETRY)
        self.retry_at = moment + self.retry

    def is_ready(self):
        """Whether the arbiter has the whole list."""
        return self.acknowledged >= self.ready


def _frames_of(operations):
    """These ops in lists that a frame takes."""
    part, size = [], 0
    for operation in operations:
        length = len(json.dumps(operation).encode())
        if part and size + length > FULL_FRAME_BYTES:
            yield part
            part, size = [], 0
        part.append(operation)
        size += length
    yield part
