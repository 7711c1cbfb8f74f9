/*
 * The mails of a settled mission: stored, leased, sent, marked.
 *
 * The settlement writes a row for everyone in the transaction of the payments it
 * is about (internal/store/ledgerdb/mails.go queueMails); mission.pml has that part. Here
 * are the mailers: functions/sendmail/step.go drain, at MissionSettled and at ticks,
 * claims rows that are due (ClaimMails: UPDATE ... FOR UPDATE SKIP LOCKED), calls
 * SendGrid, and marks what went out (MailsSent) or gives the row back (MailFailed).
 *
 * A lease ends only when its holder has crashed: step.go makes it longer than a
 * mail can take from claim to mark (drainTime + markTime < lease). SendGrid may
 * refuse, or accept the mail and lose its answer, which is a time-out here.
 *
 * Each -DWITHOUT_... switches one guard off. README.md lists them.
 */
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef FAILURES
#define FAILURES 1
#endif
#ifndef MAILERS
#define MAILERS 2
#endif
#ifndef DROPS
#define DROPS 1
#endif
#define MAILS 2

#define PENDING 0
#define LEASED 1
#define SENT 2
byte state[MAILS], inbox[MAILS];
bit orphaned[MAILS];              /* leased by a mailer that has crashed: the lease will end */
byte crashes = CRASHES, failures = FAILURES, drops = DROPS;
byte unsure;                      /* how often a mail was sent and not marked */
bit settlements = 1;              /* MissionSettled, published and not acked */

#ifdef WITHOUT_LEASE_LONGER_THAN_SENDING
#define IS_DUE(m) (state[m] == PENDING || state[m] == LEASED)
#else
#define IS_DUE(m) (state[m] == PENDING || state[m] == LEASED && orphaned[m])
#endif
#ifdef WITHOUT_SWEEP_OF_MAILS
#define WAKES settlements
#else
#define WAKES 1
#endif

proctype Mailer() {
  byte m;
end_waits:
  do
  :: atomic { WAKES && (IS_DUE(0) || IS_DUE(1)) ->                   /* ClaimMails */
       if :: IS_DUE(0) -> m = 0 :: IS_DUE(1) -> m = 1 fi;
#ifdef WITHOUT_CLAIM
       skip }
#else
       state[m] = LEASED; orphaned[m] = 0;
       if :: crashes > 0 -> crashes--; orphaned[m] = 1; m = 0; goto dead :: skip fi }
#endif
#ifdef WITHOUT_SENDING_BEFORE_MARK
     atomic { state[m] = SENT; if :: crashes > 0 -> crashes--; m = 0; goto dead :: skip fi }
#endif
     atomic {                                                        /* Send */
       if
       :: inbox[m]++; if :: crashes > 0 -> crashes--; unsure++; orphaned[m] = 1; m = 0; goto dead :: skip fi
       :: failures > 0 -> failures--; state[m] = PENDING; m = 0; goto dead                   /* refused: MailFailed */
       :: failures > 0 -> failures--; inbox[m]++; unsure++; state[m] = PENDING; m = 0; goto dead  /* the answer was lost */
       fi }
     atomic { state[m] = SENT; m = 0 }                               /* MailsSent */
  :: atomic { settlements && !IS_DUE(0) && !IS_DUE(1) -> settlements = 0 }   /* the ack */
dead: skip
  od
}

proctype DeadLetters() {
end_waits:
  do :: atomic { drops > 0 && settlements -> settlements = 0; drops-- } od
}

init {
  byte n;
  atomic { do :: n < MAILERS -> run Mailer(); n++ :: else -> break od; n = 0; run DeadLetters() }
  timeout ->
  atomic {
    assert(state[0] == SENT && state[1] == SENT);                    /* every mail is finished, */
    assert(inbox[0] >= 1 && inbox[1] >= 1);                          /* none is lost, */
    assert(inbox[0] + inbox[1] <= MAILS + unsure)                    /* and one comes twice only after a crash or a time-out */
  }
}
