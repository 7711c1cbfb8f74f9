package mailtext

import (
	"fmt"

	"example.com/missionpot/internal/core/ledger"
)

func english(results []Result) draft {
	r := results[0]
	d := draft{
		locale:   English,
		subject:  "[Missionpot] " + englishHeadings[r.Ending],
		greeting: "Hello " + r.DisplayName + ",",
		lines:    []string{englishEnding(r), englishCash(r)},
		closing:  "Missionpot",
	}
	if len(results) > 1 {
		d.subject = fmt.Sprintf("[Missionpot] %d missions have ended", len(results))
		d.lines = nil
		for _, r := range results {
			d.lines = append(d.lines, englishEnding(r)+" "+englishCash(r))
		}
	}
	return d
}

var englishHeadings = map[ledger.Ending]string{
	ledger.Succeeded: "Mission accomplished",
	ledger.Failed:    "Mission failed",
	ledger.Expired:   "Time is up",
	ledger.Rejected:  "Mission declined",
	ledger.Unfunded:  "Mission not opened",
	ledger.Withdrawn: "Mission withdrawn",
}

var englishRoles = map[Role]string{
	Contributor: "The mission you backed, “%s”,",
	Creator:     "Your mission “%s”",
	Streamer:    "The mission you were given, “%s”,",
}

func englishEnding(r Result) string {
	mission := fmt.Sprintf(englishRoles[r.Role], r.Title)
	switch r.Ending {
	case ledger.Succeeded:
		return mission + " was accomplished!"
	case ledger.Failed:
		return mission + " failed."
	case ledger.Expired:
		return mission + " was not finished in time."
	case ledger.Rejected:
		return mission + " was declined."
	case ledger.Withdrawn:
		if r.Role == Creator {
			return mission + " is withdrawn, as you asked."
		}
		return mission + " was withdrawn by the person who made it."
	default:
		return mission + " was not opened, because its first stake was not covered."
	}
}

func englishCash(r Result) string {
	switch {
	case r.Ending.Pays() && r.Role == Streamer:
		return fmt.Sprintf("The whole pot of %s is in your wallet.", r.Amount)
	case r.Ending.Pays() && r.Amount == 0 && r.Late > 0:
		return fmt.Sprintf("The %s you gave came after the verdict and is back in your wallet.", r.Late)
	case r.Ending.Pays() && r.Late > 0:
		return fmt.Sprintf("The %s you gave went to the streamer, out of a pot of %s. Another %s came after the verdict and is back in your wallet.", r.Amount, r.Pot, r.Late)
	case r.Ending.Pays():
		return fmt.Sprintf("The %s you gave went to the streamer, out of a pot of %s.", r.Amount, r.Pot)
	case r.Pot == 0:
		return "No cash was moved."
	case r.Role == Streamer:
		return fmt.Sprintf("The pot of %s went back to everyone who put cash in.", r.Pot)
	default:
		return fmt.Sprintf("The %s you gave is back in your wallet.", r.Amount)
	}
}

func englishReset(r Reset) draft {
	return draft{
		locale:   English,
		subject:  "[Missionpot] Your code for a new password",
		greeting: "Hello,",
		lines: []string{
			"This is your code for a new password:",
			r.Code,
			fmt.Sprintf("It is valid for %.0f minutes and can be used once. Missionpot will never ask you for it.", r.Valid.Minutes()),
			"If you did not ask for it, you need not do anything: your password stays as it is.",
		},
		closing: "Missionpot",
	}
}
