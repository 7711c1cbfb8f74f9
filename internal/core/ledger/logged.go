package ledger

// EntryKind is the call that made an entry of the bet log. The same key in
// another kind of call is another entry.
type EntryKind string

// The kinds of entries.
const (
	StakeEntry EntryKind = "stake" // the creator's first bet, logged with the mission's creation
	BetEntry   EntryKind = "bet"
)

// Shards is how many parts the bet log is read in. One part takes about 500
// writes a second, the limit of an index over a rising value (rule 18):
// https://cloud.google.com/firestore/docs/best-practices#indexes
const Shards = 16

// LogEntry is a bet as it is logged, with what identifies the request
// that made it.
type LogEntry struct {
	Bet            Bet
	Kind           EntryKind
	IdempotencyKey string // as the client sent it; the log keeps only its hash
	RequestHash    []byte // distinguishes a retry from another request with the same key
}

// Logged is a bet as the log's sweep reads it: the entry, and the mark that
// passes it.
type Logged struct {
	Bet
	Mark Mark
}
