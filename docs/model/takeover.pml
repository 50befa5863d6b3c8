// How two Node-REDs that may both decide hand one resource to each other over one broker, for an exhaustive search by
// spin. Every step may come at any time or never, which is every delay, loss, freeze and cut. README.md says how the
// names here belong to the code, what is left out, and how it is run.

#ifndef EPOCHS
#define EPOCHS 3 // so many terms
#endif
#ifndef TOKENS
#define TOKENS 2 // so many grants
#endif
#ifndef RESTARTS
#define RESTARTS 0 // of the broker, each with its store, an old one or none
#endif
#ifndef CRASHES
#define CRASHES 0 // of a runtime
#endif

#define NOBODY 2

// Time. What a participant believes counts from the sending of a beat that came back, and is over before the arbiter that
// got it ends the session, a session time after the last beat that it got. So when a session ends, its participant does
// not believe; nor does anybody a session time after a gathering began who believed before (EARLY) and not anew.
#define NEVER 0 // no beat has come back
#define OVER 1  // that was too long ago, and the participant has not looked yet
#define LIVE 2
#define EARLY 3

// What a participant says: its claim in a hello, as a hold or not; that it has given up a hold.
#define WAITS 1
#define HOLDS 2
#define YIELDS 3
#define RELEASES 4
// What it is told.
#define GRANTED 1
#define REVOKING 2
#define QUEUED 3

// The broker.
byte office = NOBODY; // which of the runtimes 0 and 1 is connected under the client id
byte shown;           // epoch of the retained presence of an arbiter
byte term;            // epoch of the retained term
byte keeper = NOBODY; // who holds the resource, by its retained state,
byte stamp;           // with this token
#if CRASHES > 0
bit keeperStart;      // and this start of its process
#endif
byte lastStamp;       // the greatest token that was published so far
#if RESTARTS > 0
byte savedShown; byte savedTerm; byte savedKeeper = NOBODY; byte savedStamp; bit isSaved;
#if CRASHES > 0
bit savedStart;
#endif
byte restarts;
#endif

// The arbiter in the office.
bit gathers;          // the store may be old: hears what the other runtime holds
bit isVouched;        // which was answered by the arbiter that wrote the store
byte epoch;
byte holder = NOBODY;
byte token;
bit revoking;
bit noTerm;           // its term is still to be published,
bit noState;          // and so is the state,
bit pending;          // and then what the other runtime is to be told
bit session;          // of the other runtime,
#if CRASHES > 0
bit start;            // of this start of its process,
#endif
bit stream;           // which is in the stream that was begun last,
bit known;            // and has listed its claim,
byte report;          // while it gathers: nothing, WAITS, or HOLDS + token

// Each runtime.
bit former[2];        // it was the arbiter, and does not know that it is not: its claims are still with that one
byte echo[2];         // token granted to it by its own arbiter, whose state is on its way back from the broker
byte witnessed[2];    // the latest epoch whose arbiter it heard alive, on the connection that watches
bit watches[2] = 1;   // that connection is really there; a dead one is not noticed at once
byte answered[2];     // the latest epoch in which it was answered, on a connection that is there still
byte heard[2];        // epoch in force
byte held[2];         // token of the hold that it was told, 0 if there is none
byte valid[2];        // until when it believes in that
byte yielded[2];      // token of the last hold that it gave up in this stream
#if CRASHES > 0
bit begun[2];         // start of its process
byte crashes;
#endif
#ifdef FINITE
byte silent[2];       // the latest token of a hold that was taken without an answer
#endif
#ifdef FROM_RECEIPT
bit back[2];          // a beat on its way back
#endif
#ifdef WRONG_CLOCKS
byte knownToken;      // the greatest that the arbiter knows
byte floor;           // the greatest by the retained term
#endif
chan up[2] = [2] of { byte, byte };
chan down[2] = [2] of { byte, byte };

// CALM: at some moment all faults are over, and whoever has got the resource lets it go and wants it no more.
#ifdef CALM
bit calm;
bit served[2];
#define WANTS(p) (!served[p])
#else
#define calm 0
#define WANTS(p) 1
#endif

// For use within a step.
hidden byte other; hidden byte what; hidden byte which;

#define BELIEVES(p) (held[p] != 0 && valid[p] >= LIVE)
#define IS_ARBITER(p) (office == p && !gathers)
#define RESTS(p) (IS_ARBITER(p) || former[p]) // its claims are with the arbiter of its own process
#define DECIDES (office != NOBODY && !gathers)
#define READY (DECIDES && !noTerm && !noState) // all that was decided has left it
#define OTHER (1 - office)
#define HAS_WON (holder == OTHER && !revoking)
#if CRASHES > 0
#define IS_REFUSED (session && start != begun[OTHER])
#else
#define IS_REFUSED 0
#endif
#define KNOWS_ALL (stream && heard[OTHER] == epoch && !pending)

#define SAYS_HELLO(p) (up[p]?[HOLDS,_] || up[p]?[WAITS,_])

#ifdef TERM_FIRST
#define MAY_SHOW noTerm
#define MAY_WRITE (noState && !noTerm)
#else
#define MAY_SHOW (noTerm && !noState)
#define MAY_WRITE noState
#endif

// Whether the store can have forgotten nothing.
#ifdef NO_TRUST
#define IS_TRUSTED(c) 1
#elif defined(ANY_WITNESS)
#define IS_TRUSTED(c) (term > 0 && witnessed[c] > 0 && watches[c])
#elif defined(OLDER_TERM)
#define IS_TRUSTED(c) (term > 0 && witnessed[c] >= term && watches[c])
#elif defined(DEAD_WATCH)
#define IS_TRUSTED(c) (term > 0 && witnessed[c] == term)
#else
#define IS_TRUSTED(c) (term > 0 && witnessed[c] == term && watches[c])
#endif
#define VOUCHES(p) (term > 0 && answered[p] == term)

// Only what it believes in it lists as a hold.
#ifdef STALE_HELLO
#define MAY_LIST(p) 1
#else
#define MAY_LIST(p) BELIEVES(p)
#endif

#ifdef FINITE
// Both may believe only while the older hold is one that did not answer in time.
#define EXCLUSIVE assert(!(BELIEVES(0) && BELIEVES(1)) || \
  (held[0] < held[1] && silent[0] >= held[0]) || (held[1] < held[0] && silent[1] >= held[1]))
#define STANDS(p) (!BELIEVES(p) || silent[p] >= held[p])
#else
#define EXCLUSIVE assert(!(BELIEVES(0) && BELIEVES(1)))
#define STANDS(p) (!BELIEVES(p)) // nobody takes it away
#endif

#define MOST_TOKENS (TOKENS + 4 * calm)

// A store that came back old may show an old token once more, and so may whoever does not know that it was taken.
#ifdef FINITE
#define MAY_FALL 1
#else
#define MAY_FALL (RESTARTS > 0)
#endif

// FEW leaves out what has nothing to do with restarts of the broker: preemption, and faults of single connections.
#ifdef DEAF // whoever is not known to the arbiter of its own term does not notice
#define MUST_GREET(p) (heard[p] < shown)
#else
#define MUST_GREET(p) (heard[p] < shown || office == 1 - p && !stream && !IS_REFUSED && empty(up[p]))
#endif
#ifdef FEW
#define MAY_GREET(p) MUST_GREET(p)
#define MAY_MISS(p) (!watches[p])
#else
#define MAY_GREET(p) (MUST_GREET(p) || !calm && (heard[p] > 0 || shown > 0))
#define MAY_MISS(p) (!watches[p] || !calm && witnessed[p] != 0)
#endif
// Beats of which something comes, where nothing else does.
#define MAY_BEAT(p) (!calm || !session || answered[p] != epoch || KNOWS_ALL && valid[p] < LIVE)

#define MAX(a, b) ((a) > (b) -> (a) : (b))
#define NEXT_EPOCH(c) (MAX(MAX(term, shown), MAX(witnessed[c], heard[c])) + 1)
// Tokens are made of the wall clock, or (WRONG_CLOCKS) only of what the arbiter knows.
#ifdef WRONG_CLOCKS
#define NEXT_TOKEN (knownToken + 1)
#define LEARN(t) knownToken = MAX(t, knownToken)
#else
#define NEXT_TOKEN (MAX(lastStamp, token) + 1)
#define LEARN(t) skip
#endif

#if RESTARTS > 0
#define MAY_BE_FIRST(c) (c == 0 || shown > 0 || restarts > 0)
#else
#define MAY_BE_FIRST(c) (c == 0 || shown > 0)
#endif

#define MARK(p) valid[p] = (valid[p] == LIVE -> EARLY : valid[p])
#define UNMARK(p) valid[p] = (valid[p] == EARLY -> LIVE : valid[p])
// Who holds nothing need not look.
#define RUN_OUT(p) valid[p] = (held[p] != 0 -> OVER : NEVER)

inline drain(queue) {
  do
  :: nempty(queue) -> queue?_,_
  :: empty(queue) -> break
  od
}

// What was told in the stream before is ignored from now on.
inline drop(r) {
#ifndef ANY_STREAM
  drain(down[r]);
#endif
#ifdef FROM_RECEIPT
  back[r] = 0;
#endif
  yielded[r] = 0;
  stream = (office == r -> stream : 0)
}

// Nobody has the office, or somebody else: what the former arbiter decides from now on reaches nobody but its own runtime.
inline vacate() {
  if
  :: DECIDES -> former[office] = 1
  :: else
  fi;
  office = NOBODY;
  gathers = 0; isVouched = 0; epoch = 0; holder = NOBODY; token = 0; revoking = 0;
  noTerm = 0; noState = 0; pending = 0; session = 0; stream = 0; known = 0; report = 0;
#if CRASHES > 0
  start = 0;
#endif
#ifdef WRONG_CLOCKS
  knownToken = 0;
#endif
  UNMARK(0); UNMARK(1)
}

inline grant(to) {
  token = NEXT_TOKEN;
  LEARN(token);
  holder = to; revoking = 0; noState = 1;
#ifdef TOLD_FIRST
  pending = 0;
  if
  :: to == OTHER && stream -> down[to]!GRANTED,token
  :: else
  fi
#else
  pending = (to == OTHER && stream)
#endif
}

inline free() {
  holder = NOBODY; token = 0; revoking = 0; noState = 1
}

// How the claim of the other runtime stands.
inline tell() {
  pending = 0;
  if
  :: !stream
  :: stream && holder != OTHER -> down[OTHER]!QUEUED,0
  :: stream && holder == OTHER && revoking -> down[OTHER]!REVOKING,token
  :: stream && holder == OTHER && !revoking -> down[OTHER]!GRANTED,token
  fi
}

inline openSession() {
  session = 1;
#if CRASHES > 0
  start = begun[OTHER]
#endif
}

inline endSession() {
  session = 0; stream = 0; known = 0; pending = 0;
#if CRASHES > 0
  start = 0;
#endif
#ifndef LONG_BELIEF
  RUN_OUT(OTHER);
#endif
  if
  :: holder == OTHER -> free()
  :: else
  fi
}

#if CRASHES > 0
#define IS_LISTED (report != 0 && keeperStart == start)
#else
#define IS_LISTED (report != 0)
#endif

// What the state tells; where that may be old, of the other runtime counts what it has listed: the greater token wins.
inline rebuild() {
  if
  :: gathers && !isVouched && holder == OTHER && !IS_LISTED -> holder = NOBODY; token = 0
  :: else
  fi;
  if
  :: gathers && !isVouched && report > HOLDS + token -> holder = OTHER; token = report - HOLDS
  :: else
  fi;
  LEARN(token);
  known = (report != 0); pending = stream; report = 0; gathers = 0; isVouched = 0;
  if
#ifdef NO_PATIENCE
  :: holder == OTHER && !session -> free()
#else
  :: holder == OTHER && !session ->
    session = 1;
#if CRASHES > 0
    start = keeperStart
#endif
#endif
#if CRASHES > 0
  // What its own runtime held before it started again is gone.
  :: holder == office && keeperStart != begun[office] -> free()
#endif
  :: else
  fi;
  assert((STANDS(0) || holder == 0) && (STANDS(1) || holder == 1));
  noTerm = 1; noState = 1;
  drop(office); drain(up[office]);
  held[office] = (holder == office -> token : 0); valid[office] = LIVE;
  answered[office] = 0; heard[office] = epoch;
  UNMARK(0); UNMARK(1);
  EXCLUSIVE
}

active [2] proctype Arbiter() {
  byte c = _pid;
  end: do
  // Takes the office, whether or not somebody decides: when it does is no matter of safety. Reads the store. (Of two that
  // are alike, the first one is 0.)
  :: d_step { office != c && !former[c] && NEXT_EPOCH(c) <= EPOCHS + calm && MAY_BE_FIRST(c) && (!calm || office == NOBODY) ->
      vacate();
      office = c; epoch = NEXT_EPOCH(c); holder = keeper; token = stamp;
#ifdef WRONG_CLOCKS
      knownToken = floor;
#endif
      if
      :: IS_TRUSTED(c) -> rebuild()
      :: else -> gathers = 1; shown = epoch; MARK(0); MARK(1)
      fi }
  :: d_step { office == c && gathers && isVouched -> rebuild() }
  // A session time later.
  :: d_step { office == c && gathers && !isVouched ->
      if
      :: valid[0] == EARLY -> RUN_OUT(0)
      :: else
      fi;
      if
      :: valid[1] == EARLY -> RUN_OUT(1)
      :: else
      fi;
      rebuild() }
#ifndef FEW
  // The office is lost, or its connection.
  :: d_step { office == c && !calm -> vacate() }
#endif
  // It notices that: the claims of its runtime go back to the participant.
  :: d_step { former[c] -> former[c] = 0; echo[c] = 0 }

  // Publishes: the state, what is won by it; at the beginning its term after that.
  :: d_step { IS_ARBITER(c) && MAY_WRITE && nfull(down[OTHER]) ->
      noState = 0; keeper = holder; stamp = token;
#if CRASHES > 0
      keeperStart = (keeper == NOBODY -> 0 : (keeper == c -> begun[c] : start));
#endif
      echo[c] = (keeper == c && held[c] != token -> token : 0);
#ifdef WRONG_CLOCKS
      floor = MAX(floor, stamp);
#endif
      assert(keeper == NOBODY || stamp >= lastStamp || MAY_FALL);
      lastStamp = MAX(stamp, lastStamp);
      if
      :: pending -> tell()
      :: else
      fi }
  :: d_step { IS_ARBITER(c) && MAY_SHOW -> noTerm = 0; term = epoch; shown = epoch }

  // Grants what is free.
  :: d_step { office == c && READY && holder == NOBODY && NEXT_TOKEN <= MOST_TOKENS && WANTS(c) -> grant(office) }
  :: d_step { office == c && READY && holder == NOBODY && NEXT_TOKEN <= MOST_TOKENS && known && WANTS(1 - c) && nfull(down[OTHER]) ->
      grant(OTHER) }
#ifndef FEW
  // Whoever waits may have become the stronger one: its own runtime gives way at once, the other one is asked to.
  :: d_step { office == c && READY && !calm && holder == c && NEXT_TOKEN <= MOST_TOKENS && known && nfull(down[OTHER]) ->
      held[c] = 0; echo[c] = 0; grant(OTHER) }
  :: d_step { office == c && READY && !calm && HAS_WON && nfull(down[OTHER]) ->
      revoking = 1;
      tell();
#ifdef NO_YIELD
      free()
#endif
    }
#endif
#ifdef FINITE
  :: d_step { office == c && READY && holder == OTHER && revoking && nfull(down[OTHER]) ->
      silent[OTHER] = token; free(); tell() }
#endif
  // The other runtime was not heard for a session time.
  :: d_step { office == c && READY && session && (!calm || IS_REFUSED) -> endSession() }

  // Hears what the other participant says, in order; while it gathers, only its hello.
  :: d_step { office == c && (gathers && SAYS_HELLO(OTHER) || READY) && nempty(up[OTHER]) && nfull(down[OTHER]) ->
      other = OTHER;
      up[other]?what,which;
      if
      :: heard[other] > epoch && heard[other] < EPOCHS + 2 * calm -> // it knows of a later term, and ours goes above that
        epoch = heard[other] + 1; shown = epoch; noTerm = !gathers
      :: heard[other] == epoch && what == YIELDS ->
        if
        :: holder == other && revoking && token <= which -> free()
        :: else
        fi
#ifdef CALM
      :: heard[other] == epoch && what == RELEASES ->
        if
        :: holder == other && token <= which -> free()
        :: else
        fi
#endif
      :: heard[other] == epoch && what <= HOLDS && !IS_REFUSED ->
        openSession();
        stream = 1;
        LEARN(which);
        if
        :: gathers -> report = (what == HOLDS -> HOLDS + which : WAITS); isVouched = (isVouched || VOUCHES(other))
        :: else -> known = 1; tell()
        fi
      :: else // of another term, or of a second start of the same name
      fi }
#if CRASHES > 0
  // A second start knows that the first one is dead.
  :: d_step { office == c && READY && nempty(up[OTHER]) && IS_REFUSED && heard[OTHER] == epoch -> endSession() }
#endif
  od
}

active [2] proctype Participant() {
  byte p = _pid - 2;
  end: do
  // Says what it claims: it has connected again, or hears of a later term, or that it is not known.
  :: d_step { !RESTS(p) && MAY_GREET(p) ->
      heard[p] = MAX(heard[p], shown);
      drop(p);
      drain(up[p]);
      held[p] = (MAY_LIST(p) -> held[p] : 0); valid[p] = (valid[p] == OVER -> NEVER : valid[p]);
      if
      :: held[p] != 0 -> up[p]!HOLDS,held[p]
      :: else -> up[p]!WAITS,0
      fi }
  // A beat is heard as it is sent, and comes back at once: later, it would be worth less.
  :: d_step { office == 1 - p && !IS_REFUSED && valid[p] != OVER && MAY_BEAT(p) ->
      openSession();
      answered[p] = epoch;
      if
#ifdef FROM_RECEIPT
      :: KNOWS_ALL -> back[p] = 1
#else
      :: KNOWS_ALL -> valid[p] = LIVE; EXCLUSIVE
#endif
      :: else
      fi }
#ifdef FROM_RECEIPT
  :: d_step { back[p] && !RESTS(p) && valid[p] != OVER -> valid[p] = LIVE; back[p] = 0; EXCLUSIVE }
#endif
  :: d_step { IS_ARBITER(p) && valid[p] != LIVE -> valid[p] = LIVE; EXCLUSIVE }
  // Its time is over, which it notices later.
#ifndef FEW
  :: d_step { valid[p] >= LIVE && !calm -> RUN_OUT(p) }
#endif
  :: d_step { valid[p] == OVER && !RESTS(p) -> drop(p); valid[p] = NEVER; held[p] = 0 }
  // Is told. Who is asked to give up does so at once, and has given up before it says so.
  :: d_step { nempty(down[p]) && !RESTS(p) && valid[p] != OVER && nfull(up[p]) ->
      down[p]?what,which;
      if
      :: what == GRANTED && which > yielded[p] -> held[p] = which
      :: what == REVOKING && (held[p] != 0 || yielded[p] == 0) ->
        yielded[p] = (held[p] != 0 -> which : yielded[p]); held[p] = 0; up[p]!YIELDS,which
      :: what == QUEUED -> assert(STANDS(p)); held[p] = 0
      :: else
      fi;
      EXCLUSIVE }
  // The state that grants something to it has come back to its own arbiter, though that may be one no more.
  :: d_step { echo[p] != 0 -> held[p] = echo[p]; echo[p] = 0; EXCLUSIVE }
#ifdef NO_ECHO
  :: d_step { IS_ARBITER(p) && holder == p -> held[p] = token; EXCLUSIVE }
  :: d_step { former[p] && lastStamp < TOKENS -> held[p] = lastStamp + 1; EXCLUSIVE }
#endif

  // Hears an arbiter that lives, maybe its own.
  :: d_step { watches[p] && office != NOBODY && !noTerm && witnessed[p] != epoch && (office != p || !gathers) ->
      witnessed[p] = epoch }
  // The connection that watches is lost, as it notices now, and there again.
  :: d_step { MAY_MISS(p) -> witnessed[p] = 0; watches[p] = 1 }
#ifdef CALM
  :: d_step { calm && !former[p] && held[p] != 0 && (BELIEVES(p) || served[p]) && nfull(up[p]) && (!IS_ARBITER(p) || READY) ->
      served[p] = 1;
      if
      :: IS_ARBITER(p) -> free()
      :: else -> yielded[p] = held[p]; up[p]!RELEASES,held[p]
      fi;
      held[p] = 0 }
#endif
#if CRASHES > 0
  // Its process dies, and starts again.
  :: d_step { crashes < CRASHES && !calm ->
      crashes++;
      if
      :: office == p -> vacate()
      :: else
      fi;
      drop(p); drain(up[p]);
      begun[p] = 1 - begun[p]; former[p] = 0; echo[p] = 0;
      held[p] = 0; valid[p] = NEVER; heard[p] = 0; answered[p] = 0; witnessed[p] = 0; watches[p] = 1 }
#endif
  od
}

#if RESTARTS > 0
inline restart() {
  restarts++;
  savedShown = 0; savedTerm = 0; savedKeeper = NOBODY; savedStamp = 0; isSaved = 0;
  // What is on its way to an arbiter is lost.
  drain(up[0]); drain(up[1]);
  answered[0] = 0; answered[1] = 0; watches[0] = 0; watches[1] = 0;
  vacate()
}

active proctype Broker() {
  end: do
  :: d_step { !calm && restarts < RESTARTS -> restart() }
  :: d_step { !calm && restarts < RESTARTS -> shown = 0; term = 0; keeper = NOBODY; stamp = 0; restart() }
#ifndef NO_OLD_STORE
  :: d_step { !calm && restarts < RESTARTS && !isSaved ->
      isSaved = 1;
      savedShown = shown; savedTerm = term; savedKeeper = keeper; savedStamp = stamp;
#if CRASHES > 0
      savedStart = keeperStart
#endif
    }
  :: d_step { !calm && restarts < RESTARTS && isSaved ->
      shown = savedShown; term = savedTerm; keeper = savedKeeper; stamp = savedStamp;
#if CRASHES > 0
      keeperStart = savedStart;
#endif
      restart() }
#endif
  od
}
#endif

#ifdef CALM
active proctype Calm() {
  calm = 1;
  // There is an end to what happens then, and at that end both have had what they waited for.
accept: timeout -> assert(served[0] && served[1] && holder == NOBODY)
}
#endif
