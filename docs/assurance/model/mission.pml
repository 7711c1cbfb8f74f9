/*
 * One mission, from its creation to its settlement, as the code does it.
 *
 * Two databases and a log can't be written in one transaction, so each step
 * commits, may crash, and publishes to the next one. An atomic block below ends with
 * one commit of the code. Between two blocks everything else may happen: other
 * instances, other messages, the deadline.
 *
 * A message may wait in its queue for any time. So publishing right at the
 * commit is the same as publishing any time later, and acking right after it
 * is the same as acking later. A crash in between is a choice in the
 * block: what was committed stays, what was not yet published or acked is not.
 * A crash before the commit changes nothing and needs no step.
 *
 * What the processes are, and where they come from:
 *
 *   API         internal/api/missions.go createMission: insert, append the stake to the
 *               log (betlog/append.go), publish; internal/api/bets.go placeBet: read
 *               a copy of the mission that may be old, so also after its verdict,
 *               append, publish. A client may retry with its key.
 *   Streamer    internal/api/verdicts.go act over missionsdb/act.go take: one
 *               conditional UPDATE, publish.
 *   Hold        functions/holdbets/step.go Handle: ledgerdb/hold.go openEscrows, then
 *               ledgerdb/hold_exact.go: read without locks, decide
 *               (ledger/decide.go), and write by hold_batch (hold_write.go), which
 *               checks what was read, the escrow last. Then announce.go: publish, and
 *               only then the ack; followup.go marks what was published later. The
 *               fast path (hold_fast.go) is the same write without the reading, so it
 *               does nothing that Hold can't do.
 *   Grow        functions/growpot/step.go: missionsdb/pot.go ApplyPot, or act.go Unfund.
 *   Settle      functions/settlemission/step.go: ledgerdb/close.go CloseEscrow, then
 *               ledgerdb/settle.go SettleChunks repeatedly, one contributor to a
 *               chunk; publish; ack. Concurrent chunks commit in their order or
 *               not at all, as if they ran one after the other.
 *   Close       functions/closemission/step.go: missionsdb/pot.go Settle.
 *   SweepBets   functions/sweepbets: shards.go pass, leftovers.go strays and pots.
 *   SweepMissions  functions/sweepmissions/step.go: expire and repeat.
 *   Clock       the deadline of the current state passes, or does not.
 *   DeadLetters a message is given up after its attempts and parked.
 *
 * The copy to the live board and the mails have models of their own, board.pml
 * and mail.pml: neither moves cash, and one model would have too many states.
 *
 * Faults are bounded by the defines below: CRASHES of a process, REPEATS of a
 * message that was acked, DROPS into the dead letters, RETRIES of a client with
 * its key. HOLDERS and SETTLERS are instances. BETS counts the stake. ASK is a
 * streamer who decides on proposals first. REPLAY begins with an empty ledger and a log
 * that is published again, as after the loss of the users instance.
 * TWO_VERDICTS lets the missions instance, restored to an earlier state, take a
 * second, different verdict.
 *
 * A sweep acts only on what is missing and not under way, so every run ends. Then
 * `timeout` holds and init asserts what must be true. The other assertions are
 * constraints of the database, or promises that hold at every commit.
 *
 * Each -DWITHOUT_... switches one guard of the code off. README.md lists them.
 */
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef REPEATS
#define REPEATS 1
#endif
#ifndef DROPS
#define DROPS 1
#endif
#ifndef RETRIES
#define RETRIES 1
#endif
#ifndef BETS
#define BETS 2
#endif
#ifndef HOLDERS
#define HOLDERS 1
#endif
#ifndef SETTLERS
#define SETTLERS 1
#endif

byte crashes = CRASHES, repeats = REPEATS, drops = DROPS, retries = RETRIES;

/* missions instance */
#define NOT_YET 0
#define FUNDING 1
#define PROPOSED 2
#define ACTIVE 3
#define SUCCEEDED 4
#define FAILED 5
#define EXPIRED 6
#define REJECTED 7
#define UNFUNDED 8
#define WITHDRAWN 9
#define DECIDED (status >= SUCCEEDED)
#define UNDECIDED (status > NOT_YET && status < SUCCEEDED)
byte status = NOT_YET, pot, pot_version;
bit due, settled;              /* due: the deadline of the state has passed */
bit was_decided, disagree;     /* for the assertions */
bit was_active, judged, judged_again;
/* chosen at the start: whether the stake is ever logged, streamer and creator speak, time passes */
bit stake_coming, streamer_acts, creator_acts; byte ticks;

/* the log of bets, and the sweep's mark and strays; a set of bets is a byte of bits */
byte logged, late, after, strays, passed;  /* late: after the deadline; after: after the verdict */

/* users instance */
#define NONE 0
#define OPEN 1
#define CLOSED 2
short cash[2]; byte streamer;
byte escrow = NONE, ending, inflow, outflow, version, published, through;
byte held, declined, refunded, mail_rows, given_back; bit paid, ledger_settled, late_known;
byte contribution[2], total_at[4];

/* Pub/Sub: what is published and not acked */
byte bets, pots, verdicts; bit declines, settlements;
bit lost_pot, lost_decline;    /* parked as a dead letter */

#define BIT(n) (1 << (n))
#define HAS(set, n) (((set) >> (n)) & 1)
#define OUTCOME (held | declined)
#define USER(b) ((b) == 0 -> 0 : 1)
#define AMOUNT(b) ((b) == 2 -> 2 : 1)
#define START (cash_at_start)
byte cash_at_start;

/* What holds after every commit of the ledger. */
inline check_books() {
  assert(cash[0] + cash[1] + streamer + inflow - outflow == START);  /* double entry */
  assert(cash[0] >= 0 && cash[1] >= 0);                              /* wallets >= 0, by constraint */
  assert(outflow <= inflow);                                         /* escrow >= 0, by constraint */
  assert((held & declined) == 0)                                     /* one outcome */
}

/* A crash at this point of an atomic block. */
#define MAY_CRASH(where) if :: crashes > 0 -> crashes--; goto where :: skip fi
/* What is published after a commit, unless a crash comes first. */
#define PUBLISH(queue, message) if :: queue = queue | (message) :: crashes > 0 -> crashes-- fi
/* The ack, unless a crash or a repetition redelivers the message. */
#define ACK(queue, message) if :: queue = queue & ~(message) :: crashes > 0 -> crashes-- :: repeats > 0 -> repeats-- fi

/* One UPDATE of the missions instance with its event row, missionsdb/act.go entry. */
inline enter(next) {
  assert(!was_decided);                                              /* one final verdict */
  status = next;
  if :: next == ACTIVE -> was_active = 1 :: else fi;
  if :: next >= SUCCEEDED -> was_decided = 1 :: else -> due = 0 fi
}

#define LOG(b) logged = logged | BIT(b); if :: due -> late = late | BIT(b) :: else fi; \
  if :: DECIDED -> after = after | BIT(b) :: else fi

proctype API() {
end_waits:
  do
  :: atomic { stake_coming -> stake_coming = 0; LOG(0); PUBLISH(bets, BIT(0)) }
  :: atomic { was_active && BETS > 1 && !HAS(logged, 1) -> LOG(1); PUBLISH(bets, BIT(1)) }
  :: atomic { was_active && BETS > 2 && !HAS(logged, 2) -> LOG(2); PUBLISH(bets, BIT(2)) }
#ifdef WITHOUT_KEY
  :: atomic { retries > 0 && HAS(logged, 1) && !HAS(logged, 2) -> retries--; LOG(2); PUBLISH(bets, BIT(2)) }
#else
  :: atomic { retries > 0 && HAS(logged, 1) && !HAS(OUTCOME, 1) -> retries--; bets = bets | BIT(1) }
#endif
  od
}

#ifdef WITHOUT_VERDICT_CONDITION
#define MAY_JUDGE (status >= ACTIVE && !judged)
#else
#define MAY_JUDGE (status == ACTIVE && !due && !judged)
#endif

proctype Streamer() {
end_waits:
  do
  :: atomic { streamer_acts && status == PROPOSED && !due -> if :: enter(ACTIVE) :: enter(REJECTED); PUBLISH(verdicts, BIT(REJECTED - SUCCEEDED)) fi }
  :: atomic { creator_acts && status == PROPOSED && !due -> enter(WITHDRAWN); PUBLISH(verdicts, BIT(WITHDRAWN - SUCCEEDED)) }
  :: atomic { streamer_acts && MAY_JUDGE -> judged = 1; if :: enter(SUCCEEDED) :: enter(FAILED) fi;
       PUBLISH(verdicts, BIT(status - SUCCEEDED)) }
#ifdef TWO_VERDICTS
  :: atomic { judged && !judged_again -> judged_again = 1; status = SUCCEEDED + FAILED - status; verdicts = verdicts | BIT(status - SUCCEEDED) }
#endif
  od
}

proctype Clock() {
end_waits:
  do :: atomic { ticks > 0 && UNDECIDED && !due -> due = 1; ticks-- } od
}

#ifdef WITHOUT_DEADLINE
#define IS_LATE(b) 0
#else
#define IS_LATE(b) HAS(late, b)
#endif
inline decide(b) {                                                   /* ledger.Decide for one bet */
  if
  :: !HAS(batch, b) || HAS(known, b) -> skip
  :: else ->
     if
     :: IS_LATE(b) -> new_declined = new_declined | BIT(b)
     :: !IS_LATE(b) && seen == NONE ->
#ifdef WITHOUT_WAIT
          new_declined = new_declined | BIT(b)                       /* unknown_mission at once */
#else
          batch = batch & ~BIT(b); again = again | BIT(b)            /* ErrNoEscrow: not acked */
#endif
     :: !IS_LATE(b) && seen == CLOSED -> new_declined = new_declined | BIT(b)
     :: !IS_LATE(b) && seen == OPEN ->
          if :: left[USER(b)] >= AMOUNT(b) -> left[USER(b)] = left[USER(b)] - AMOUNT(b); new_held = new_held | BIT(b)
             :: else -> new_declined = new_declined | BIT(b)
          fi
     fi
  fi
}

inline hold(b) {
  if :: HAS(new_held, b) -> cash[USER(b)] = cash[USER(b)] - AMOUNT(b); inflow = inflow + AMOUNT(b);
        contribution[USER(b)] = contribution[USER(b)] + AMOUNT(b)
     :: else fi
}

#ifdef WITHOUT_BET_ID
#define KNOWN 0
#define ID_CONFLICT 0
#else
#define KNOWN (OUTCOME & batch)
#define ID_CONFLICT ((new_held | new_declined) & OUTCOME)            /* ON CONFLICT (id) DO NOTHING */
#endif
#ifdef WITHOUT_OPEN_CHECK_LAST
#define NO_LONGER_OPEN 0
#else
#define NO_LONGER_OPEN (new_held != 0 && escrow != OPEN)             /* WHERE state = 'open' */
#endif
#define SUM1 ((HAS(new_held, 1) -> AMOUNT(1) : 0) + (HAS(new_held, 2) -> AMOUNT(2) : 0))
#ifdef WITHOUT_COVER_CHECK
#define NOT_COVERED 0
#else
#define NOT_COVERED (HAS(new_held, 0) && cash[0] < AMOUNT(0) || SUM1 > cash[1])  /* WHERE w.cash >= u.amount */
#endif

proctype Hold() {
  byte batch, known, seen, newest, new_held, new_declined, again; bit send_decline; short left[2];
end_waits:
  do
  :: atomic { bets != 0 ->
       if :: batch = bets
          :: HAS(bets, 0) -> batch = BIT(0)
          :: HAS(bets, 1) -> batch = BIT(1)
          :: HAS(bets, 2) -> batch = BIT(2)
       fi;
#ifdef WITHOUT_ACK_LAST
       bets = bets & ~batch;
#endif
       if :: HAS(batch, 0) && escrow == NONE -> escrow = OPEN :: else fi }   /* openEscrows */
redo:
     atomic {                                                        /* readKnown, no locks */
       seen = escrow; newest = version; left[0] = cash[0]; left[1] = cash[1];
       known = KNOWN;
     }
     atomic {                                                        /* Decide, writeEntries, commit */
       decide(0); decide(1); decide(2);
       if
       :: ID_CONFLICT || NOT_COVERED || NO_LONGER_OPEN ->                           /* rolled back, decided again */
          batch = batch | again; again = 0; new_held = 0; new_declined = 0; goto redo
       :: else ->
          hold(0); hold(1); hold(2);
          assert(!((held | declined) & new_held));                   /* a bet id moves cash once */
          assert(!(new_held & late));                                /* not after the deadline */
          assert(escrow == OPEN || new_held == 0);                   /* nothing goes into a closed escrow */
          assert(!(logged & 1) || escrow != NONE || !new_declined || (new_declined & late) == new_declined); /* a bet is not declined for coming first */
          held = held | new_held; declined = declined | new_declined;
          if :: new_held -> version++; total_at[version] = inflow; newest = version
#ifdef WITHOUT_REPEATED_PUBLISH
             :: else -> newest = 0
#else
             :: else
#endif
          fi;
          check_books();
          send_decline = HAS(declined & batch, 0);
#ifdef WITHOUT_REPEATED_PUBLISH
          send_decline = HAS(new_declined, 0);
#endif
#ifdef WITHOUT_ACK_AFTER_PUBLISH
          bets = bets & ~batch;
#endif
          MAY_CRASH(dead);
#ifdef WITHOUT_PUBLISH_BEFORE_MARK
          if :: newest > published -> published = newest :: else fi;
          MAY_CRASH(dead);
#endif
          if :: newest > 0 -> pots = pots | BIT(newest) :: else fi;      /* announce */
          declines = declines | send_decline;
          MAY_CRASH(dead);
          /* followup.go: the mark is written later, or is lost; no push waits for it */
          if :: newest > published -> if :: published = newest :: crashes > 0 -> crashes-- fi :: else fi;
          ACK(bets, batch)
       fi;
dead:
       batch = 0; known = 0; seen = 0; newest = 0; new_held = 0; new_declined = 0; again = 0; send_decline = 0; left[0] = 0; left[1] = 0
     }
  od
}

#ifdef WITHOUT_POT_VERSION
#define IS_NEWER(v) (v != pot_version)
#else
#define IS_NEWER(v) (v > pot_version)
#endif
#ifdef WITHOUT_STATE_IN_APPLY
#define MAY_APPLY 1
#else
#define MAY_APPLY UNDECIDED
#endif

proctype Grow() {
  byte v;
end_waits:
  do
  :: atomic { pots != 0 -> if :: HAS(pots, 1) -> v = 1 :: HAS(pots, 2) -> v = 2 :: HAS(pots, 3) -> v = 3 fi;
#ifdef WITHOUT_ACK_AFTER_WRITE
       pots = pots & ~BIT(v);
       MAY_CRASH(dead);
#endif
       if                                                            /* ApplyPot */
       :: IS_NEWER(v) && MAY_APPLY ->
          pot = total_at[v]; pot_version = v;
          if
          :: status == PROPOSED || status == ACTIVE -> skip
          :: else ->
#ifdef ASK
             enter(PROPOSED)
#else
             enter(ACTIVE)
#endif
          fi
       :: else
       fi;
       ACK(pots, BIT(v));
dead:  v = 0 }
  :: atomic { declines ->
       if :: status == FUNDING -> enter(UNFUNDED) :: else fi;        /* Unfund */
       if :: status == UNFUNDED && !settled -> PUBLISH(verdicts, BIT(UNFUNDED - SUCCEEDED)) :: else fi;
       ACK(declines, 1) }
  od
}

#ifdef WITHOUT_STORED_ENDING
#define ENDING said
#else
#define ENDING ending
#endif
#ifdef WITHOUT_ROW_ID
#define ROW_IS_NEW(u) 1
#else
#define ROW_IS_NEW(u) (!HAS(refunded, u))
#endif
#ifdef WITHOUT_PAYOUT_ID
#define PAYOUT_IS_NEW 1
#else
#define PAYOUT_IS_NEW (!paid)
#endif
#define CAN_REFUND(u) (contribution[u] > 0 && from <= (u))

#ifdef WITHOUT_OUTFLOW_CHECK
#define OUTFLOW_STANDS 1
#else
#define OUTFLOW_STANDS (out == outflow)                              /* advance: AND outflow = $5 */
#endif
/* what is held and was logged after the verdict, by user; the stake is user 0's */
#define AFTER(b) ((HAS(held & after, b)) -> AMOUNT(b) : 0)
#define AFTER_ALL (AFTER(0) + AFTER(1) + AFTER(2))

inline refund(u) {
  mail_rows = mail_rows | BIT(u);
  if
  :: ENDING != SUCCEEDED && ROW_IS_NEW(u) -> refunded = refunded | BIT(u); cash[u] = cash[u] + contribution[u]; outflow = outflow + contribution[u]
  :: else
  fi;
  through = (u) + 1
}

#ifdef WITHOUT_SETTLED_THROUGH
#define NOT_OVERTAKEN 1
#else
#define NOT_OVERTAKEN (from == through && !ledger_settled)
#endif

proctype Settle() {
  byte said, from, out, in_all; bit pays;
end_waits:
  do
  :: atomic { verdicts != 0 ->
       if :: HAS(verdicts, 0) -> said = SUCCEEDED :: HAS(verdicts, 1) -> said = FAILED :: HAS(verdicts, 2) -> said = EXPIRED
          :: HAS(verdicts, 3) -> said = REJECTED :: HAS(verdicts, 4) -> said = UNFUNDED :: HAS(verdicts, 5) -> said = WITHDRAWN fi }
#ifdef WITHOUT_CLOSING_APART
     in_all = inflow;
#endif
     atomic {                                                        /* CloseEscrow */
#ifdef WITHOUT_TOMBSTONE
       if :: escrow == OPEN -> escrow = CLOSED; ending = said
          :: escrow == NONE -> ending = said; ledger_settled = 1     /* nothing to settle */
          :: else fi
#else
       if :: escrow != CLOSED -> escrow = CLOSED; ending = said :: else fi
#endif
       MAY_CRASH(dead) }
     do                                                              /* SettleChunks */
     :: atomic { ledger_settled -> break }
     :: atomic { !ledger_settled -> from = through; out = outflow;
#ifndef WITHOUT_CLOSING_APART
          in_all = inflow;
#endif
          pays = (ENDING == SUCCEEDED && out < in_all);
#if SETTLERS > 1
        }
        atomic {                                                     /* another settler may come between */
#endif
          if
          :: pays && !late_known ->                                  /* findLate */
             late_known = 1;
#ifndef WITHOUT_LATE_BETS
             given_back = AFTER_ALL
#endif
          :: pays && late_known && out < given_back ->               /* refundLate */
             if
             :: OUTFLOW_STANDS -> cash[0] = cash[0] + AFTER(0); cash[1] = cash[1] + AFTER(1) + AFTER(2); outflow = outflow + given_back
             :: else
             fi
          :: pays && late_known && out >= given_back ->              /* payout */
             if
             :: PAYOUT_IS_NEW && OUTFLOW_STANDS -> paid = 1; streamer = streamer + in_all - out; outflow = outflow + in_all - out
             :: else
             fi
          :: !pays && NOT_OVERTAKEN && CAN_REFUND(0) -> refund(0)
          :: !pays && NOT_OVERTAKEN && !CAN_REFUND(0) && CAN_REFUND(1) -> refund(1)
          :: !pays && NOT_OVERTAKEN && !CAN_REFUND(0) && !CAN_REFUND(1) ->
             assert(inflow == outflow);                              /* the stamp needs an empty escrow, by constraint */
             assert(!ledger_settled || SETTLERS > 1);
             ledger_settled = 1; mail_rows = mail_rows | 1
          :: !pays && !NOT_OVERTAKEN                                 /* rolled back */
          fi;
          check_books(); from = 0; out = 0; pays = 0;
          MAY_CRASH(dead) }
     od;
     atomic { settlements = 1; ACK(verdicts, BIT(said - SUCCEEDED));
dead:  said = 0; from = 0; out = 0; in_all = 0; pays = 0 }
  od
}

proctype Close() {
end_waits:
  do
  :: atomic { settlements ->                                         /* missionsdb Settle */
       if
       :: status == ending && !settled -> settled = 1;
#ifdef WITHOUT_INFLOW_AS_TOTAL
          pot = inflow - outflow; pot_version = version
#else
#ifndef WITHOUT_FINAL_FIGURES
          pot = inflow; pot_version = version
#endif
#endif
       :: status != ending -> disagree = 1; settlements = 0          /* an error; it ends as a dead letter */
       :: else
       fi;
       ACK(settlements, 1) }
  od
}

proctype SweepBets() {
  byte found;
end_waits:
  do
#ifndef WITHOUT_SWEEP_OF_BETS
  :: atomic { logged & ~passed & ~OUTCOME & ~bets ->                 /* pass: Undecided, Advance */
       found = logged & ~passed & ~OUTCOME; passed = passed | found;
#ifndef WITHOUT_STRAYS
       strays = strays | found;
#endif
       PUBLISH(bets, found); found = 0 }
  :: atomic { strays & OUTCOME -> strays = strays & ~OUTCOME }       /* DueStrays forgets the decided, */
  :: atomic { strays & ~OUTCOME & ~bets -> bets = bets | (strays & ~OUTCOME) }  /* and returns the others */
#endif
#ifndef WITHOUT_SWEEP_OF_POTS
  :: atomic { version > published && pots == 0 && bets == 0 -> found = version;   /* UnpublishedPots */
       pots = pots | BIT(found);
       if :: published = found :: crashes > 0 -> crashes-- fi; found = 0 }
#endif
  :: false
  od
}

proctype SweepMissions() {
end_waits:
  do
#ifndef WITHOUT_EXPIRY
  :: atomic { due && UNDECIDED -> if :: status == FUNDING -> enter(UNFUNDED) :: else -> enter(EXPIRED) fi;
       PUBLISH(verdicts, BIT(status - SUCCEEDED)) }
#endif
#ifndef WITHOUT_SWEEP_OF_VERDICTS
  :: atomic { DECIDED && !settled && !disagree && verdicts == 0 && !settlements -> verdicts = verdicts | BIT(status - SUCCEEDED) }
#endif
  :: false
  od
}

proctype DeadLetters() {
end_waits:
  do
  :: atomic { drops > 0 && HAS(bets, 0) -> bets = bets & ~BIT(0); drops--; lost_decline = 1 }
  :: atomic { drops > 0 && HAS(bets, 1) -> bets = bets & ~BIT(1); drops-- }
  :: atomic { drops > 0 && pots -> pots = 0; drops--; lost_pot = 1 }
  :: atomic { drops > 0 && declines -> declines = 0; drops--; lost_decline = 1 }
  :: atomic { drops > 0 && verdicts -> verdicts = 0; drops-- }
  :: atomic { drops > 0 && settlements -> settlements = 0; drops-- }
  od
}

init {
  byte n;
  atomic {
    if :: cash[0] = 1; cash[1] = 2 :: cash[0] = 0; cash[1] = 2 fi;   /* the stake is covered, or not */
#ifdef REPLAY
    cash[0] = 1; status = ACTIVE; was_active = 1; pot = 2; pot_version = 3;
    logged = BIT(BETS) - 1; bets = logged;
#else
    status = FUNDING;
    if :: stake_coming = 1 :: crashes > 0 -> crashes-- fi;           /* a crash before the log: the stake never comes */
#endif
    cash_at_start = cash[0] + cash[1];
    n = 0; do :: n < HOLDERS -> run Hold(); n++ :: else -> break od;
    n = 0; do :: n < SETTLERS -> run Settle(); n++ :: else -> break od;
    n = 0;
    if :: streamer_acts = 1 :: streamer_acts = 0 fi;
#ifdef ASK
    if :: creator_acts = 1 :: creator_acts = 0 fi;
#endif
    if :: ticks = 2 :: ticks = 0 fi;
    run API(); run Streamer(); run Clock(); run Grow(); run Close(); run SweepBets(); run SweepMissions(); run DeadLetters()
  }
  timeout ->
  atomic {                                                           /* nothing is under way any more */
    assert((logged & ~OUTCOME) == 0);                                /* every logged bet has an outcome */
    assert(BETS > 2 || !HAS(held, 2));                               /* one call is held once */
    assert(!due || DECIDED);                                         /* no state outlives its deadline */
    if
    :: DECIDED && !disagree ->
       assert(settled && ledger_settled);                            /* everything decided is settled */
       assert(ending == status);                                     /* both instances have the same ending */
       assert(inflow == outflow && escrow == CLOSED);                /* and the escrow is empty */
       assert(ending == SUCCEEDED || (cash[0] + cash[1] == START));  /* everyone has their cash back */
       assert(ending != SUCCEEDED || streamer == inflow - AFTER_ALL); /* or the streamer has all but what came after the verdict */
       assert(ending != SUCCEEDED || cash[0] + cash[1] == START - streamer);  /* which is its owners' again */
       assert((mail_rows & 1) && (!contribution[1] || (mail_rows & 2)));  /* everyone's mail is written */
       assert(pot == inflow && pot_version == version)               /* the board shows what was held */
    :: UNDECIDED ->
       assert(lost_pot || pot == inflow || version < pot_version);   /* the board shows what is held */
       assert(lost_pot || lost_decline || status != FUNDING || !HAS(OUTCOME, 0))  /* a decided stake moves the mission on */
    :: else
    fi
  }
}
