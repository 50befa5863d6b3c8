"""Run by a test: a device that is told by lines of JSON what to do, and prints what it hears as such lines."""
import json
import sys
from threading import Lock

from locks_device import Device

printing = Lock()


def say(**what):
    with printing:
        print(json.dumps(what), flush=True)


def run(requester, port):
    device = Device(requester, port=port)
    device.on_told = lambda claim, answer: say(heard="answer", name=claim.name, isHeld=claim.is_held(), answer=answer)
    device.on_refused = lambda name, answer: say(heard="refused", name=name, answer=answer)
    device.on_state = lambda state: say(heard="state", state=state)
    device.on_arbiter = lambda presence: say(heard="arbiter", presence=presence)
    device.start()
    for line in sys.stdin:
        obey(device, json.loads(line))
    device.stop()


def obey(device, order):
    name = order.get("name")
    if order["do"] == "claim":
        device.claim(name, **order.get("wish", {}))
    elif order["do"] == "watch":
        device.watch(name)
    elif order["do"] == "publish":
        device.publish(order["topic"], order["text"].encode())
    elif order["do"] == "ask":
        claim = device.claims[name]
        say(heard="claim", name=name, isHeld=claim.is_held(), result=claim.result, token=claim.token)
    else:
        # change, renew, give_way and release are called as they are.
        getattr(device.claims[name], order["do"])(**order.get("fields", {}))


run(sys.argv[1], int(sys.argv[2]))
