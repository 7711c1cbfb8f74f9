package event

// shown is what an operator sees of a payload: which bet or mission waits, and
// why. Personal data is not needed to send a message again, so it contains no
// id of a user and no text that a user wrote. A field that is added to an event
// is not shown before it is added here.

// Shown returns what an operator may see of a payload. The error is
// ErrMalformed for a payload that no step could read either.
func Shown(t Type, data []byte) (map[string]any, error) {
	e, err := Decode(t, data)
	if err != nil {
		return nil, err
	}
	return e.shown(), nil
}

func (e BetPlaced) shown() map[string]any {
	return map[string]any{
		"bet_id": e.BetID, "mission_id": e.MissionID, "amount": e.Amount, "stake": e.Stake,
		"logged_at": e.LoggedAt.UTC(), "deadline": e.Deadline.UTC(),
	}
}

func (e PotChanged) shown() map[string]any {
	return map[string]any{"mission_id": e.MissionID, "pot": e.Amount, "contributors": e.Contributors, "version": e.Version}
}

func (e StakeDeclined) shown() map[string]any {
	return map[string]any{"bet_id": e.BetID, "mission_id": e.MissionID, "reason": e.Reason}
}

func (e VerdictGiven) shown() map[string]any {
	return map[string]any{"mission_id": e.MissionID, "ending": e.Ending, "decided_at": e.DecidedAt.UTC()}
}

func (e MissionSettled) shown() map[string]any {
	return map[string]any{
		"mission_id": e.MissionID, "ending": e.Ending, "pot": e.Pot, "contributors": e.Contributors, "version": e.Version,
		"paid": e.Paid, "refunded": e.Refunded, "settled_at": e.SettledAt.UTC(),
	}
}

func (e Tick) shown() map[string]any { return map[string]any{"at": e.At.UTC()} }
