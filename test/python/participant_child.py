"""Run by a test: a participant that is told by lines of JSON what to do, and prints what it hears as such lines."""
import json
import os
import sys
import threading

from locks_participant import Participant

printing = threading.Lock()


def say(**what):
    with printing:
        print(json.dumps(what), flush=True)


def fail(error):
    """A thread that has ended by an error must not leave the others waiting."""
    sys.__excepthook__(error.exc_type, error.exc_value, error.exc_traceback)
    os._exit(1)


def run(requester, port):
    threading.excepthook = fail
    participant = Participant(requester, port=port)
    participant.on_told = lambda claim, answer: say(
        heard="answer", name=claim.name, isHeld=claim.is_held(), answer=answer
    )
    participant.on_refused = lambda why: say(heard="refused", why=why)
    participant.start()
    claims = {}
    for line in sys.stdin:
        order = json.loads(line)
        obey(participant, claims, order.pop("do"), order.pop("name"), order)
    participant.stop()


def obey(participant, claims, verb, name, order):
    if verb == "claim":
        claims[name] = participant.claim(name, **order.get("wish", {}))
    elif verb == "ask":
        claim = claims[name]
        say(heard="claim", name=name, isHeld=claim.is_held(), result=claim.result, token=claim.token)
    else:
        # change, give_way and release are called as they are.
        getattr(participant, verb)(claims[name], **order.get("fields", {}))


run(sys.argv[1], int(sys.argv[2]))
