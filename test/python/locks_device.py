"""A device that claims resources over MQTT with retained messages, written from docs/protocol.md alone.

It takes part like a wall panel: its claims stand while it is away, so it may be off at any time. What becomes of them is told to `on_told`,
who has what to `on_state`; both are called on the thread of the MQTT client.
"""
import json
import time
import unicodedata
import uuid
from datetime import datetime

import paho.mqtt.client as mqtt

HOLDING = ("granted", "revoking")
MOST_BYTES_OF_A_NAME = 512
MOST_LEVELS = 32


def spell(name, is_one_level=False):
    """A requester or a resource as it stands in a topic."""
    if not 0 < len(name.encode()) <= MOST_BYTES_OF_A_NAME or name.count("/") >= MOST_LEVELS:
        raise ValueError(f"{name!r} is no name: 1 to {MOST_BYTES_OF_A_NAME} bytes, up to {MOST_LEVELS} levels")
    return "".join(_spell_character(character, is_one_level) for character in name)


def _spell_character(character, is_one_level):
    is_special = character in "+#%$" or unicodedata.category(character) == "Cc"
    if is_special or (is_one_level and character == "/"):
        return "".join(f"%{byte:02X}" for byte in character.encode())
    return character


class Claim:
    """A wish for a resource, and what the arbiter has made of it."""

    def __init__(self, device, name, wish):
        self._device = device
        self.name = name
        # The id tells answers to this wish from those to an earlier one of this name, which the broker may still have.
        self.wish = {**wish, "id": uuid.uuid4().hex}
        self.answer = {}
        # A lamp refuses commands with a smaller token than it has seen.
        self.token = None
        self._ends_at = 0.0
        self._publish()

    @property
    def result(self):
        """What it was told last: queued, granted, revoking, requeued, lost, denied, released; None before that."""
        return self.answer.get("result")

    def is_held(self):
        """Whether the resource is this claim's at this moment, by this machine's own clock."""
        return self.result in HOLDING and time.monotonic() < self._ends_at

    def change(self, **fields):
        """Changes priority or value in place; the hold stays, and its lease goes on."""
        self.wish.update(fields)
        self._publish()

    def renew(self, ttl=None):
        """Starts the lease again, for `ttl` ms or as long as before."""
        if ttl is not None:
            self.wish["ttl"] = ttl
        self._publish(renew=True)

    def give_way(self):
        """Gives the hold up after `revoking`, before the grace is over. A claim that is not `once` waits, and comes back."""
        self._ends_at = 0.0
        self._publish(yielded=self.token)

    def release(self):
        """Withdraws the claim, or clears away what is left of one that has ended."""
        self._ends_at = 0.0
        self._device.publish(f"claim/{self._device.requester_level}/{spell(self.name)}", b"")

    def take_answer(self, answer, is_retained):
        """Takes what has become of the wish."""
        self.answer = answer
        self.token = answer.get("token", self.token)
        self._ends_at = time.monotonic() + _time_left(answer, is_retained)

    def _publish(self, **only_now):
        message = json.dumps({**self.wish, **only_now}).encode()
        self._device.publish(f"claim/{self._device.requester_level}/{spell(self.name)}", message)


def _time_left(answer, is_retained):
    """For how many seconds a hold may be believed in: until its lease, or its grace, is over."""
    if is_retained and "expires" in answer:
        # From the broker's store: it was written some time ago, and only the wall clock knows when.
        return datetime.fromisoformat(answer["expires"].replace("Z", "+00:00")).timestamp() - time.time()
    return answer["remaining"] / 1000 if "remaining" in answer else float("inf")


class Device:
    """A requester with its claims, on a connection that comes back by itself."""

    def __init__(self, requester, host="127.0.0.1", port=1883, prefix="locks"):
        self.requester_level = spell(requester, is_one_level=True)
        self.claims = {}
        self.on_told = lambda claim, answer: None
        self.on_refused = lambda name, answer: None
        self.on_state = lambda state: None
        self.on_arbiter = lambda presence: None
        self._prefix = prefix
        self._filters = [f"{prefix}/answer/{self.requester_level}/#", f"{prefix}/arbiter"]
        self._client = new_client()
        self._client.on_connect = self._connected
        self._client.on_message = self._received
        self._client.connect_async(host, port, keepalive=15)

    def start(self):
        self._client.loop_start()

    def stop(self):
        """Leaves. What is claimed stays claimed, until it is withdrawn or its lease is over."""
        self._client.disconnect()
        self._client.loop_stop()

    def claim(self, resource, **wish):
        """Claims a resource; `wish` has the fields of a claim (priority, value, ttl, grace, once, …)."""
        self.claims[resource] = Claim(self, resource, wish)
        return self.claims[resource]

    def watch(self, resource):
        """Has the states of a resource told to `on_state`, beginning with the present one."""
        self._filters.append(f"{self._prefix}/state/{spell(resource)}")
        self._client.subscribe(self._filters[-1], qos=0)

    def publish(self, topic, payload):
        self._client.publish(f"{self._prefix}/{topic}", payload, qos=1, retain=True)

    def _connected(self, client, *_):
        client.subscribe([(topic, 0) for topic in self._filters])

    def _received(self, _client, _userdata, message):
        kind, _, rest = message.topic[len(self._prefix) + 1 :].partition("/")
        if not message.payload:
            return
        content = json.loads(message.payload)
        if kind == "answer":
            self._take_answer(rest.partition("/")[2], content, message.retain)
        elif kind == "state":
            self.on_state(content)
        elif kind == "arbiter":
            self.on_arbiter(content)

    def _take_answer(self, spelt_name, answer, is_retained):
        if answer["result"] == "error" or (answer["result"] == "denied" and "ended" not in answer):
            # A message that was refused has changed nothing: what was told before still counts.
            self.on_refused(spelt_name, answer)
            return
        for claim in list(self.claims.values()):
            if spell(claim.name) == spelt_name and answer.get("id") == claim.wish["id"]:
                claim.take_answer(answer, is_retained)
                self.on_told(claim, answer)


def new_client():
    """Of paho-mqtt 1 or 2, which wants to be told how it is called."""
    if hasattr(mqtt, "CallbackAPIVersion"):
        return mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    return mqtt.Client()
