"""A program that claims while it lives: a participant in the session protocol, written from docs/protocol.md alone.

Its claims end with it, it is asked before it loses a resource, and `Claim.is_held` says at each moment whether it may still act. What is told
of a claim comes to `on_told`, on the thread that keeps the session.
"""
import json
import threading
import uuid
from queue import Empty, SimpleQueue

from locks_device import new_client, spell
from locks_session import ENDED, HOLDING, Claim, Stream, now

TRUST = 0.9
TICK = 0.05


class Participant:
    """A requester with a session; all of its state belongs to one thread, which `_work` runs."""

    def __init__(self, requester, host="127.0.0.1", port=1883, prefix="locks"):
        self.instance = uuid.uuid4().hex
        self.claims = {}
        self.on_told = lambda claim, answer: None
        self.on_refused = lambda why: None
        self._prefix, self._requester = prefix, spell(requester, is_one_level=True)
        self._session, self._beat = 10.0, 1.0
        self._stream, self._streams, self._epoch, self._witnessed, self._greatest = None, 0, 0, None, 0
        self._beats, self._sent_at, self._next_beat, self._trusted_beat = 0, {}, 0.0, 0
        self._believed_until, self._ticked_at = 0.0, now()
        self._ack_at, self._is_over = float("inf"), False
        self._orders = SimpleQueue()
        # Two small messages on one connection wait for each other, so what writes is not what reads.
        self._writer, self._reader = new_client(), new_client()
        self._writer.will_set(self._topic(), self._presence(False), qos=1, retain=True)
        self._writer.on_connect = lambda *_: self._orders.put(self._came_online)
        self._reader.on_connect = lambda *_: self._orders.put(self._subscribe)
        self._reader.on_message = lambda _client, _data, message: self._orders.put(lambda: self._receive(message))
        for client in (self._writer, self._reader):
            client.connect_async(host, port, keepalive=15)
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self):
        self._writer.loop_start()
        self._reader.loop_start()
        self._thread.start()

    def stop(self):
        """Says goodbye: the session ends at once, and with it what is claimed."""
        self._orders.put(self._say_goodbye)
        self._thread.join()

    def claim(self, name, **wish):
        claim = Claim(self, name, {"resource": name, **wish})
        self._orders.put(lambda: self._add(claim))
        return claim

    def change(self, claim, **fields):
        """Changes priority, value or ttl in place, or starts the lease again (`renew=True`)."""
        self._orders.put(lambda: self._change(claim, fields))

    def give_way(self, claim):
        """Gives a hold up after `revoking`. It is not believed in any more before that is sent."""
        claim.given_up = claim.token
        self._orders.put(lambda: self._say({"op": "yield", "id": claim.id, "token": claim.given_up}))

    def release(self, claim):
        claim.given_up = claim.token
        self._orders.put(lambda: self._drop(claim))

    def is_believed(self):
        """Whether this session, and so what it holds, may be believed in at this moment."""
        stood_still = now() - self._ticked_at > self._beat
        return not stood_still and now() < self._believed_until

    def _work(self):
        while not self._is_over:
            try:
                self._orders.get(timeout=TICK)()
            except Empty:
                pass
            self._tick()
        for client in (self._writer, self._reader):
            client.disconnect()
            client.loop_stop()

    def _tick(self):
        moment = now()
        if moment - self._ticked_at > self._beat:
            # After a standstill only a beat that is sent from now on says that the session lives.
            self._trusted_beat, self._believed_until = self._beats + 1, 0.0
        self._ticked_at = moment
        if moment >= self._next_beat and self._stream is not None:
            self._send_beat(moment)
        if self._stream is not None and moment >= self._stream.retry_at:
            self._repeat(moment)
        if moment >= self._ack_at:
            self._send_frame({"ops": []})
        if self._believed_until and moment >= self._believed_until:
            self._stop_believing()
        for claim in self.claims.values():
            self._look_at(claim, moment)

    def _look_at(self, claim, moment):
        """Gives up a hold whose grace is over, and asks for what is left of a lease that seems to end."""
        if claim.result == "revoking" and moment >= claim.grace_ends and claim.given_up != claim.token:
            self.give_way(claim)
        nearly = 0 < claim.lease_ends - moment < 2 * self._beat
        if claim.result == "granted" and nearly and moment >= claim.next_ask:
            claim.next_ask = moment + self._beat
            self._say({"op": "ask", "id": claim.id})

    def _send_beat(self, moment):
        self._beats += 1
        self._sent_at[self._beats] = moment
        self._sent_at.pop(self._beats - 1000, None)
        self._next_beat = moment + self._beat
        self._publish(f"beat/{self._requester}", {"session": self.instance, "beat": self._beats})

    def _repeat(self, moment):
        for frame in self._stream.unacknowledged:
            self._send_frame(frame)
        self._stream.repeated(moment)

    def _stop_believing(self):
        self._believed_until = 0.0
        for claim in list(self.claims.values()):
            if claim.result in HOLDING:
                result = "lost" if claim.wish.get("once") else "requeued"
                self._tell(claim, {**claim.answer, "result": result, "reason": "session"}, now())
        self._begin()

    def _begin(self):
        """Begins a stream: who we are, all that we want, and that this was all."""
        if self._epoch == 0:
            return
        self._streams += 1
        hello = {"op": "hello"}
        if self._witnessed is not None:
            hello["witnessed"] = self._witnessed
        if self._greatest:
            hello["token"] = self._greatest
        operations = [hello, *(claim.operation() for claim in self.claims.values()), {"op": "ready"}]
        self._stream = Stream(self._streams, self._epoch, operations)
        self._ack_at = float("inf")
        for frame in self._stream.unacknowledged:
            self._send_frame(frame)
        for claim in self.claims.values():
            self._update(claim)

    def _say(self, operation):
        # What is said before there is a stream is in the list that the next one begins with.
        if self._stream is not None:
            self._send_frame(self._stream.add([operation]))

    def _add(self, claim):
        self.claims[claim.id] = claim
        self._say(claim.operation())

    def _change(self, claim, fields):
        claim.wish.update({key: value for key, value in fields.items() if key != "renew"})
        claim.changes.update(fields)
        self._update(claim)

    def _update(self, claim):
        if self._stream is not None and claim.id in self.claims:
            update = claim.next_update()
            if update is not None:
                self._say(update)

    def _drop(self, claim):
        if self.claims.pop(claim.id, None) is not None:
            self._say({"op": "release", "id": claim.id})

    def _send_frame(self, frame):
        stream = self._stream
        head = {"v": 1, "session": self.instance, "epoch": stream.epoch, "stream": stream.number}
        self._publish(f"session/{self._requester}/claims", {**head, **frame, "ack": stream.received})
        self._ack_at = float("inf")

    def _receive(self, message):
        if not message.payload:
            if message.topic == self._topic():
                self._announce()
            return
        content = json.loads(message.payload)
        if message.topic == self._topic():
            if content.get("instance") != self.instance or not content["online"]:
                self._announce()
        elif message.topic in (f"{self._prefix}/arbiter", f"{self._prefix}/arbiter/beat"):
            self._hear_arbiter(content)
        elif content.get("session") == self.instance:
            self._hear_answer(content)

    def _hear_arbiter(self, content):
        settings = content.get("settings", {})
        self._session = settings.get("session", self._session * 1000) / 1000
        self._beat = settings.get("beat", self._beat * 1000) / 1000
        self._hear_epoch(content.get("epoch", 0))

    def _hear_epoch(self, epoch):
        if epoch > self._epoch:
            self._epoch = epoch
            self._begin()

    def _hear_answer(self, content):
        if "refused" in content:
            self.on_refused(content["refused"])
            return
        self._hear_epoch(content["epoch"])
        if content["epoch"] < self._epoch:
            if self._stream is not None and now() - self._stream.begun_at > self._beat:
                self._begin()
            return
        self._witnessed = content["epoch"]
        stream = self._stream
        if content["stream"] == 0:
            since = stream.hello_acknowledged_at_beat
            if since is not None and content["beat"] > since:
                self._stop_believing()
        elif content["stream"] == stream.number:
            stream.acknowledge(content["ack"])
            if stream.acknowledged > 0 and stream.hello_acknowledged_at_beat is None:
                stream.hello_acknowledged_at_beat = self._beats
            self._believe(content["beat"])
            if "n" in content:
                self._take_frame(content)

    def _believe(self, beat):
        if self._stream.is_ready() and beat >= self._trusted_beat:
            self._believed_until = max(self._believed_until, self._when(beat) + TRUST * self._session)

    def _when(self, beat):
        """When this beat was sent; before the first one that the arbiter has of this stream, its hello counts."""
        return max(self._sent_at.get(beat, 0.0), self._stream.begun_at)

    def _take_frame(self, frame):
        stream = self._stream
        self._ack_at = min(self._ack_at, now() + self._beat / 4)
        if frame["n"] != stream.received + 1:
            return
        stream.received += 1
        for tell in frame["tells"]:
            claim = self.claims.get(tell["id"])
            if claim is not None:
                self._tell(claim, tell["answer"], self._when(frame["beat"]))

    def _tell(self, claim, answer, counted_from):
        claim.take(answer, counted_from)
        self._greatest = max(self._greatest, answer.get("token", 0))
        if answer["result"] in ENDED:
            self.claims.pop(claim.id, None)
        self.on_told(claim, answer)
        self._update(claim)

    def _came_online(self):
        self._announce()
        self._begin()

    def _subscribe(self):
        prefix = self._prefix
        topics = [f"{prefix}/arbiter", f"{prefix}/arbiter/beat", self._topic(), f"{self._topic()}/answers"]
        self._reader.subscribe([(topic, 0) for topic in topics])
        self._witnessed = None
        self._begin()

    def _announce(self):
        self._writer.publish(self._topic(), self._presence(True), qos=1, retain=True)

    def _say_goodbye(self):
        goodbye = {**json.loads(self._presence(False)), "left": True}
        self._writer.publish(self._topic(), json.dumps(goodbye).encode(), qos=1)
        self._writer.publish(self._topic(), b"", qos=1, retain=True).wait_for_publish()
        self._is_over = True

    def _presence(self, is_online):
        return json.dumps({"v": 1, "online": is_online, "instance": self.instance}).encode()

    def _topic(self):
        return f"{self._prefix}/session/{self._requester}"

    def _publish(self, topic, content):
        self._writer.publish(f"{self._prefix}/{topic}", json.dumps(content).encode(), qos=0)
