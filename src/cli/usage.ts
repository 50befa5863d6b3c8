// What `priority-lock --help` prints.

export const USAGE = `priority-lock: locks by priority, shared over MQTT.

  priority-lock hold RESOURCE... [options] -- COMMAND [ARGUMENT...]
      Runs the command while the lock on the resources is held, all of them or none. When the lock is lost,
      the command gets SIGTERM, and SIGKILL when the grace is over.
  priority-lock hold RESOURCE... [options]
      Leaves the claim standing on the broker, as a device does, until it is released.
  priority-lock release RESOURCE...     Withdraws a claim that was left standing.
  priority-lock list [PATTERN]          Prints who has what. In a pattern + is one level and # any number.
  priority-lock watch [PATTERN]         The same, and every change from now on.
  priority-lock force RESOURCE          Ends the hold of whoever has it, where the registry's rules let you.

Options for all
  --url URL            mqtt://, mqtts://, ws:// or wss:// (default: $PRIORITY_LOCK_URL, else mqtt://127.0.0.1:1883)
  --user NAME          (default: $PRIORITY_LOCK_USER); the password comes from $PRIORITY_LOCK_PASSWORD
  --prefix PREFIX      of all topics (default: locks)
  --requester NAME     who claims (default: the user, else shell-<user>-<host>)
  --connect-timeout TIME  how long to wait for the broker and for somebody who decides (default: 30s)
  --json               one JSON object per line (list, watch)
  --help, --version

Options of hold
  --locker NAME        who wants it (default: the requester)
  --priority P         a number or the name of a level; higher wins (default: 0)
  --value JSON         what the resource is to be; what is no JSON is a text
  --ttl TIME           the lease: it is lost after this time (default: none, for a standing claim the registry's)
  --timeout TIME       how long to wait for it at most; 0: only if it can be had now (default: for ever)
  --grace TIME         how long the command may take to end when somebody stronger comes, at most 5s (default: 5s)
  --polite             takes nothing from anybody

A TIME is a number with ms, s, m, h or d: 500ms, 10s, 2h.

Exit codes: that of the command; 64 wrong arguments, 69 no broker or nobody who decides, 74 the lock was lost and
the command ended, 75 not granted; 128 and the signal's number when a signal ended it.
`;
