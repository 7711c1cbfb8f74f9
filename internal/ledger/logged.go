package ledger

// Logged is a bet as the log's sweep reads it: the entry, and the mark that
// passes it.
type Logged struct {
	Bet
	Mark Mark
}
