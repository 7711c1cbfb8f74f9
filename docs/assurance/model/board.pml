/*
 * The copy of a mission's events from the missions instance to the live board.
 *
 * Every change of a mission writes an event row in its own transaction
 * (internal/store/missionsdb/events.go record). The process that made the change, or a
 * later sweep, copies the rows that are not marked as copied: internal/flow/eventcopy/copier.go
 * Mission reads Uncopied, calls Write of internal/store/liveboard/log.go, a Firestore
 * transaction, and then MarkCopied. Several copiers run at once, each with
 * rows that it read some time ago, and each may crash between any two of its steps.
 *
 *   Writer      a step or an API call: one change, then the copy.
 *   Sweep       functions/sweepmissions/step.go copy.
 *   Watcher     internal/store/liveboard/watch.go followMission and catchUp: it sees the board at
 *               some of its revisions, and reads the events in between from the log.
 *               -DRESUME is internal/api/stream.go streamMission for a client that
 *               reconnects: join the feed first, then read the log.
 *
 * Each -DWITHOUT_... switches one guard off. README.md lists them.
 */
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef WRITERS
#define WRITERS 3
#endif

byte crashes = CRASHES, writers;
byte revision, copied;        /* missions instance; rows up to `copied` are marked */
byte events, board;           /* Firestore; the log has no gap, so its length is its content */
byte sent;                    /* the last revision the watcher has */

inline copy() {
  do
  :: atomic { copied < revision -> from = copied; to = revision }    /* Uncopied */
#ifdef WITHOUT_WRITE_BEFORE_MARK
     atomic { copied = (copied > to -> copied : to); if :: crashes > 0 -> crashes--; goto dead :: skip fi }
#endif
     atomic {                                                        /* board.Write */
       assert(from <= events);                                       /* the log has no gap */
       events = (events > to -> events : to);
#ifdef WITHOUT_BOARD_REVISION
       board = to;
#else
       board = (board > to -> board : to);
#endif
       if :: crashes > 0 -> crashes--; goto dead :: skip fi }
     atomic { copied = (copied > to -> copied : to); from = 0; to = 0 }  /* MarkCopied */
  :: atomic { copied >= revision -> break }
  od
}

proctype Writer() {
  byte from, to;
  atomic { revision++;
#ifdef WITHOUT_EVENT_IN_TRANSACTION
    if :: crashes > 0 -> crashes--; copied = (copied == revision - 1 -> revision : copied); goto dead :: skip fi;  /* no row */
#endif
    if :: crashes > 0 -> crashes--; goto dead :: skip fi }
  copy();
dead: atomic { from = 0; to = 0; writers-- }
}

proctype Sweep() {
  byte from, to;
end_waits:
  do
#ifndef WITHOUT_SWEEP_OF_EVENTS
  :: copied < revision && writers == 0 -> copy()
#endif
  :: false
dead: atomic { from = 0; to = 0 }
  od
}

proctype Watcher() {
  byte shown;
#ifdef RESUME
  byte base;
  atomic {                                                           /* WatchMission, then Events after Last-Event-ID */
#ifdef WITHOUT_JOIN_BEFORE_READ
    sent = events }
  base = board;
  shown = base;
#else
    base = board }
  atomic { assert(events >= base); sent = events }
  shown = base;
#endif
#endif
end_waits:
  do
  :: atomic { board > shown ->                                       /* the listener reports the newest state */
#ifdef WITHOUT_CATCH_UP
       assert(board == sent + 1 || board <= sent);                   /* no revision is skipped */
#else
       assert(events >= board);                                      /* what the board shows is in the log */
#ifdef RESUME
       assert(sent >= shown);                                        /* no revision is skipped */
#endif
#endif
       shown = board; sent = (sent > board -> sent : board) }
  od
}

init {
  byte n;
  atomic {
    do :: n < WRITERS -> run Writer(); n++; writers++ :: else -> break od; n = 0;
    run Sweep(); run Watcher()
  }
  timeout ->
  atomic {
    assert(copied == revision && events == revision);                /* the log has every event */
    assert(board == revision);                                       /* the board shows the newest */
    assert(sent == revision)                                         /* and so the watcher has it */
  }
}
