package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/core/reconcile"
)

// Dependencies is everything the API needs.
type Dependencies struct {
	Accounts    Accounts
	Sessions    people.Sessions
	Operators   Operators
	DeadLetters DeadLetters
	Logins      people.Logins
	Resets      people.Resets
	Factors     people.Factors
	Charges     Charges
	Books       Books
	Checks      Checks
	Missions    Missions
	BetLog      BetLog
	Events      EventLog
	Live        Live
	Publisher   Publisher
	Board       Board
	Passwords   people.Passwords
	Tokens      people.Tokens
	Payments    Payments
	Probes      []edge.Probe // what /readyz asks

	// EventsOnly serves events and nothing else, and NoStreams events as lists
	// only. Watchers have a service of their own, so that they never take a bet's
	// place (rule 21).
	EventsOnly, NoStreams bool
	ExitOnly              bool // no new cash is taken here, whatever Checks says; all that is held goes on its way

	LoginKey []byte // hashes accounts and addresses of tries to sign in
	// PerAddress and PerUser are how many calls one address and one person may make
	// in a minute, SignUps how many accounts one address, and Hashes how many
	// passwords of one address are hashed at once; 0 for any number.
	PerAddress, PerUser, SignUps, Hashes int
	// MaxCalls and MaxStreams are how many are worked on at once, 0 for any number.
	MaxCalls, MaxStreams int
	// TrustedHops is how many addresses at the right end of X-Forwarded-For the
	// platform has appended; the first of them is the client's. With 0 the header
	// is not looked at.
	TrustedHops int
	Draining    <-chan struct{} // closed when streams must end; nil never
	Now         func() time.Time
	Log         *slog.Logger
}

// Accounts keeps the people.
type Accounts interface {
	people.Accounts
	Streamers
}

// Users reads an account.
type Users interface {
	UserByID(ctx context.Context, id uuid.UUID) (account.User, error)
}

// Streamers says who missions can be made for.
type Streamers interface {
	Users
	// TakesMissions reports whether a user is a streamer who neither has left nor is
	// about to.
	TakesMissions(ctx context.Context, user uuid.UUID) (bool, error)
}

// Operators keeps who looks after the system.
type Operators interface {
	IsOperator(ctx context.Context, user uuid.UUID) (bool, error)
}

// DeadLetters is what an operator may do with messages that no step could
// handle, on the record.
type DeadLetters interface {
	List(ctx context.Context, by account.Actor, f event.DeadLetterFilter) ([]event.DeadLetter, error)
	Read(ctx context.Context, by account.Actor, id string) (event.DeadLetter, error)
	// Redrive sends a dead letter again, once however often it is called.
	Redrive(ctx context.Context, by account.Actor, id string) (event.DeadLetter, error)
}

// Charges keeps what the payment provider is asked for.
type Charges interface {
	// ChargeByKey looks a key up; the error is fault.IdempotencyReused.
	ChargeByKey(ctx context.Context, user uuid.UUID, key string, requestHash []byte) (c ledger.Charge, ok bool, err error)
	OpenCharge(ctx context.Context, c ledger.Charge, key string, requestHash []byte) (known ledger.Charge, first bool, err error)
	ResolveCharge(ctx context.Context, id uuid.UUID, succeeded bool) error
}

// Books reads the ledger.
type Books interface {
	Wallets
	people.Balances
	Statements
	Rankings
	Outcomes
}

// Wallets reads what many people have, for the checks of their calls.
type Wallets interface {
	Wallets(ctx context.Context, users []uuid.UUID) ([]account.Wallet, error)
}

// Statements reads what went through a wallet.
type Statements interface {
	Statement(ctx context.Context, user uuid.UUID, before int64, limit int) ([]ledger.StatementLine, error)
}

// Rankings reads who put in how much.
type Rankings interface {
	Ranking(ctx context.Context, missionID uuid.UUID, after ledger.Standing, limit int) ([]ledger.Standing, error)
}

// Outcomes reads what was decided about bets.
type Outcomes interface {
	BetStatuses(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]ledger.BetStatus, error)
}

// Checks returns what the check of the books found and whether cash is taken.
type Checks interface {
	Modes
	LastChecks
}

// Modes reads whether cash is taken.
type Modes interface {
	Mode(ctx context.Context) (reconcile.Mode, error)
}

// LastChecks reads what the last check found.
type LastChecks interface {
	// LastCheck reports false if there was none yet.
	LastCheck(ctx context.Context) (r reconcile.Report, ok bool, err error)
}

// Missions keeps the missions.
type Missions interface {
	NewMissions
	MissionLists
	Verdicts
	people.Unsettled
}

// MissionReads reads a mission.
type MissionReads interface {
	ByID(ctx context.Context, id uuid.UUID) (mission.Mission, error)
}

// NewMissions makes missions.
type NewMissions interface {
	MissionReads
	ByKey(ctx context.Context, creator uuid.UUID, key string) (m mission.Mission, requestHash []byte, ok bool, err error)
	Create(ctx context.Context, id uuid.UUID, d mission.Draft, t mission.Terms, key string, requestHash []byte) (m mission.Mission, created bool, err error)
}

// MissionLists reads missions.
type MissionLists interface {
	MissionReads
	List(ctx context.Context, f mission.Filter) ([]mission.Mission, error)
}

// Verdicts changes missions.
type Verdicts interface {
	Act(ctx context.Context, id, user uuid.UUID, a mission.Action) (mission.Mission, error)
}

// Appends logs bets.
type Appends interface {
	// Append logs a bet and returns it with its id and the log's time. A key that
	// came before returns the first bet and false, or fault.IdempotencyReused.
	Append(ctx context.Context, e ledger.LogEntry) (b ledger.Bet, first bool, err error)
}

// BetLog is the append-only log of bets.
type BetLog interface {
	Appends
	LoggedBets
}

// LoggedBets reads the log.
type LoggedBets interface {
	// Lookup reports what was logged under an entry's key, if anything.
	Lookup(ctx context.Context, e ledger.LogEntry) (b ledger.Bet, ok bool, err error)
	ByBetID(ctx context.Context, missionID, betID uuid.UUID) (ledger.Bet, error)
}

// EventLog reads what happened to a mission, in order.
type EventLog interface {
	Events(ctx context.Context, missionID uuid.UUID, after int64, limit int) ([]mission.Event, error)
}

// Live follows the live board.
type Live interface {
	WatchMission(ctx context.Context, id uuid.UUID) (mission.Feed, error)
	WatchStreamer(ctx context.Context, id uuid.UUID) (mission.Feed, error)
}

// Publisher publishes events to the steps. It returns once they are stored.
type Publisher interface {
	Publish(ctx context.Context, events ...event.Event) error
}

// Board copies a mission's new events to where watchers read them.
type Board interface {
	Mission(ctx context.Context, id uuid.UUID) error
}

// Payments takes cash in.
type Payments interface {
	Charge(ctx context.Context, c ledger.Charge) (ledger.ChargeStatus, error)
}
