package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/api/iterator"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/rig/stand"
)

// readTime bounds the reading of one database. Google's emulator scans the whole bet log for each
// page of a shard: 0.8 s with 46,000 bets, and some ten times that on a busy machine.
const readTime = 15 * time.Minute

// ledgerRow is one row of the ledger. An id occurs once, unless a guard is off.
type ledgerRow struct {
	ID, User, Mission uuid.UUID
	Kind, Reason      string
	Amount, After     int64
}

// escrow is a mission's pot in the ledger.
type escrow struct {
	Inflow, Outflow int64
	Ending          string
	Settled         bool
}

// shown is a mission in the missions database.
type shown struct {
	Status    string
	Pot       int64
	Settled   bool
	DecidedAt time.Time // zero before the verdict
}

// entry is one entry of the bet log.
type entry struct {
	Bet, Mission, User uuid.UUID
	Amount             int64
	Stake              bool
	LoggedAt           time.Time // by the log itself, in microseconds
}

// truth is what the databases hold in the end, read without the proxies.
type truth struct {
	wallets  map[uuid.UUID]int64
	ledger   []ledgerRow
	escrows  map[uuid.UUID]escrow
	missions map[uuid.UUID]shown
	log      []entry
	dead     []string // messages given up, by step and type, without ticks, which repeat anyway
}

func (s *system) readTruth(ctx context.Context) (t truth, err error) {
	if t.log, err = s.readLog(ctx); err != nil {
		return t, err
	}
	if t.dead, err = s.readDeadLetters(ctx); err != nil {
		return t, err
	}
	err = inDatabase(ctx, s.users, func(ctx context.Context, conn *pgx.Conn) error {
		return t.readLedger(ctx, conn)
	})
	if err != nil {
		return t, err
	}
	return t, inDatabase(ctx, s.missions, func(ctx context.Context, conn *pgx.Conn) error {
		return t.readBoard(ctx, conn)
	})
}

// inDatabase calls do with a new connection to a server.
func inDatabase(ctx context.Context, s *server, do func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.postgres().DSN(databaseName))
	if err != nil {
		return fmt.Errorf("connect to Postgres (%s): %w", s.cfg.Name, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := do(ctx, conn); err != nil {
		return fmt.Errorf("read Postgres (%s): %w", s.cfg.Name, err)
	}
	return nil
}

func (t *truth) readLedger(ctx context.Context, conn *pgx.Conn) error {
	t.wallets, t.escrows = map[uuid.UUID]int64{}, map[uuid.UUID]escrow{}
	var user, mission uuid.UUID
	var cash int64
	rows, _ := conn.Query(ctx, `SELECT user_id, cash FROM wallets`) // its error comes with the rows
	_, err := pgx.ForEachRow(rows, []any{&user, &cash}, func() error {
		t.wallets[user] = cash
		return nil
	})
	if err != nil {
		return err
	}
	var r ledgerRow
	rows, _ = conn.Query(ctx, `SELECT id, kind, user_id, coalesce(mission_id, '00000000-0000-0000-0000-000000000000'), amount,
		balance_after, coalesce(reason, '') FROM ledger ORDER BY seq`)
	_, err = pgx.ForEachRow(rows, []any{&r.ID, &r.Kind, &r.User, &r.Mission, &r.Amount, &r.After, &r.Reason}, func() error {
		t.ledger = append(t.ledger, r)
		return nil
	})
	if err != nil {
		return err
	}
	var e escrow
	rows, _ = conn.Query(ctx, `SELECT mission_id, inflow, outflow, coalesce(ending, ''), settled_at IS NOT NULL FROM escrows`)
	_, err = pgx.ForEachRow(rows, []any{&mission, &e.Inflow, &e.Outflow, &e.Ending, &e.Settled}, func() error {
		t.escrows[mission] = e
		return nil
	})
	return err
}

func (t *truth) readBoard(ctx context.Context, conn *pgx.Conn) error {
	t.missions = map[uuid.UUID]shown{}
	var id uuid.UUID
	var m shown
	rows, _ := conn.Query(ctx, `SELECT id, status, pot, settled_at IS NOT NULL, coalesce(decided_at, '0001-01-01Z') FROM missions`) // its error comes with the rows
	_, err := pgx.ForEachRow(rows, []any{&id, &m.Status, &m.Pot, &m.Settled, &m.DecidedAt}, func() error {
		t.missions[id] = m
		return nil
	})
	return err
}

// readLog reads the whole bet log, straight from the emulator.
func (s *system) readLog(ctx context.Context) (log []entry, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	client, err := firestore.NewClient(ctx, project, stand.EmulatorOptions(s.firestore.Host())...)
	if err != nil {
		return nil, fmt.Errorf("open Firestore: %w", err)
	}
	defer client.Close()
	docs := client.CollectionGroup("bets").Documents(ctx)
	defer docs.Stop()
	for {
		doc, err := docs.Next()
		if errors.Is(err, iterator.Done) {
			return log, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the bet log: %w", err)
		}
		var r struct {
			BetID     string `firestore:"bet_id"`
			MissionID string `firestore:"mission_id"`
			UserID    string `firestore:"user_id"`
			Amount    int64  `firestore:"amount"`
			Kind      string `firestore:"kind"`
		}
		if err := doc.DataTo(&r); err != nil {
			return nil, fmt.Errorf("read an entry of the bet log: %w", err)
		}
		e := entry{Amount: r.Amount, Stake: r.Kind == "stake", LoggedAt: doc.CreateTime.Truncate(time.Microsecond)}
		for text, id := range map[string]*uuid.UUID{r.BetID: &e.Bet, r.MissionID: &e.Mission, r.UserID: &e.User} {
			if *id, err = uuid.Parse(text); err != nil {
				return nil, fmt.Errorf("read an entry of the bet log: %w", err)
			}
		}
		log = append(log, e)
	}
}

func (s *system) readDeadLetters(ctx context.Context) (dead []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	client, err := firestore.NewClient(ctx, project, stand.EmulatorOptions(s.firestore.Host())...)
	if err != nil {
		return nil, fmt.Errorf("open Firestore: %w", err)
	}
	defer client.Close()
	docs, err := client.Collection("dead_letters").Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("read the dead letters: %w", err)
	}
	for _, doc := range docs {
		var letter event.DeadLetter
		if err := doc.DataTo(&letter); err != nil {
			return nil, fmt.Errorf("read a dead letter: %w", err)
		}
		if letter.Topic != event.Ticks {
			dead = append(dead, fmt.Sprintf("%s gave up a message of type %s after %d attempts", letter.Step, letter.Type, letter.Attempts))
		}
	}
	return dead, nil
}

// unfinished counts what is not finished yet, by kind.
func (s *system) unfinished(ctx context.Context, log []entry, allMails bool) (map[string]int, error) {
	left := map[string]int{}
	bets := make([][16]byte, len(log))
	for i, e := range log {
		bets[i] = e.Bet
	}
	mails := `state <> 'sent' AND due_at < clock_timestamp() - interval '30 seconds'`
	if allMails {
		mails = `state <> 'sent'`
	}
	err := inDatabase(ctx, s.users, func(ctx context.Context, conn *pgx.Conn) error {
		return tally(ctx, conn, left, map[string]query{
			"logged bets without an outcome":  {`SELECT count(*) FROM unnest($1::uuid[]) AS b (id) WHERE NOT EXISTS (SELECT FROM ledger l WHERE l.id = b.id)`, []any{bets}},
			"escrows that are not settled":    {`SELECT count(*) FROM escrows WHERE settled_at IS NULL`, nil},
			"pots that are not published":     {`SELECT count(*) FROM escrows WHERE version > published_version`, nil},
			"rankings that are behind":        {`SELECT count(*) FROM escrows WHERE version > ranked_version`, nil},
			"rankings that are wrong":         {`SELECT count(*) FROM contributions c FULL JOIN standings s USING (mission_id, user_id) WHERE c.amount IS DISTINCT FROM s.amount`, nil},
			"charges without an answer":       {`SELECT count(*) FROM charges WHERE status = 'pending'`, nil},
			"mails that are not sent":         {`SELECT count(*) FROM mails WHERE ` + mails, nil},
			"settled missions without a mail": {`SELECT count(*) FROM escrows e WHERE settled_at IS NOT NULL AND NOT EXISTS (SELECT FROM mails m WHERE m.mission_id = e.mission_id)`, nil},
		})
	})
	if err != nil {
		return nil, err
	}
	err = inDatabase(ctx, s.missions, func(ctx context.Context, conn *pgx.Conn) error {
		return tally(ctx, conn, left, map[string]query{
			"missions that are not settled":         {`SELECT count(*) FROM missions WHERE settled_at IS NULL`, nil},
			"events that are not on the live board": {`SELECT count(*) FROM mission_events WHERE copied_at IS NULL`, nil},
		})
	})
	return left, err
}

type query struct {
	sql  string
	args []any
}

// tally adds the figures that are not zero.
func tally(ctx context.Context, conn *pgx.Conn, into map[string]int, queries map[string]query) error {
	for what, q := range queries {
		var n int
		if err := conn.QueryRow(ctx, q.sql, q.args...).Scan(&n); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if n > 0 {
			into[what] = n
		}
	}
	return nil
}
