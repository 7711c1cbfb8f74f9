package reconcile

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// Grade is how serious a finding is.
type Grade string

// A broken rule means that the data is wrong, and no new cash is taken. What is
// late may still come. It is listed, and has its own alerts.
const (
	Broken Grade = "broken"
	Late   Grade = "late"
)

// Subject is what a finding is about.
type Subject string

// The subjects.
const (
	OfBooks    Subject = "books" // all of them; no id
	OfUser     Subject = "user"
	OfMission  Subject = "mission"
	OfBet      Subject = "bet"
	OfCharge   Subject = "charge"
	OfMovement Subject = "movement" // a row of the ledger
)

// Finding is one violation of a rule, or one delay.
type Finding struct {
	Rule    int       `json:"rule"` // number of the invariant, see the package comment
	Grade   Grade     `json:"grade"`
	Subject Subject   `json:"subject"`
	ID      uuid.UUID `json:"id"`
	What    string    `json:"what"`
	Want    int64     `json:"want"` // won, or a count
	Got     int64     `json:"got"`
}

// String returns the finding in one line, for people.
func (f Finding) String() string {
	line := fmt.Sprintf("invariant %d %s: %s", f.Rule, f.Grade, f.Subject)
	if f.ID != uuid.Nil {
		line += " " + f.ID.String()
	}
	line += ": " + f.What
	if f.Want != f.Got {
		line += fmt.Sprintf(" (want %d, got %d)", f.Want, f.Got)
	}
	return line
}

// Figures are the sums over all accounts at one moment, in won.
type Figures struct {
	Charged  ledger.Won // all that came in from the payment provider
	Wallets  ledger.Won // in all wallets
	Held     ledger.Won // in all escrows
	PutIn    ledger.Won // all that went into escrows
	Paid     ledger.Won // all that left escrows to streamers
	Refunded ledger.Won // all that went back to contributors
}

// Out is what left the system. There is no way to do that yet.
func (f Figures) Out() ledger.Won { return 0 }

// Drift is what came in and is in no account. It must be zero.
func (f Figures) Drift() ledger.Won { return f.Charged - f.Wallets - f.Held - f.Out() }

// PotsDrift is what went into escrows, did not leave them and is not there. It
// must be zero.
func (f Figures) PotsDrift() ledger.Won { return f.PutIn - f.Paid - f.Refunded - f.Held }

// maxListed is how many findings a report lists. All are counted.
const maxListed = 100

// Report is what a check found.
type Report struct {
	ID         int64 // of the check in the users instance; 0 if it was not recorded
	Whole      bool  // read everything again from the beginning
	StartedAt  time.Time
	FinishedAt time.Time
	Figures    Figures
	Broken     int
	Late       int
	Findings   []Finding // the first of them
	Read       Read
}

// Read counts what a check read.
type Read struct {
	Movements int64 // rows of the ledger
	Entries   int64 // of the bet log
	Missions  int
	Wallets   int
}

// Clean reports whether no rule is broken.
func (r Report) Clean() bool { return r.Broken == 0 }

// add adds findings. Broken rules are listed before delays.
func (r *Report) add(found ...Finding) {
	for _, f := range found {
		if f.Grade == Broken {
			r.Broken++
		} else {
			r.Late++
		}
		if len(r.Findings) == maxListed && f.Grade == Broken {
			r.dropLate()
		}
		if len(r.Findings) < maxListed {
			r.Findings = append(r.Findings, f)
		}
	}
}

// dropLate makes room in the list for a broken rule.
func (r *Report) dropLate() {
	for i := range r.Findings {
		if r.Findings[i].Grade == Late {
			r.Findings = slices.Delete(r.Findings, i, i+1)
			return
		}
	}
}

// Mode is whether new cash is taken.
type Mode struct {
	ExitOnly bool
	// Unchecked means that the last check of the books is too old to take cash.
	Unchecked bool
	Since     time.Time // of the last change, UTC; zero if there was none
	By        string
	Reason    string
}
