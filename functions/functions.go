// Package functions connects the steps with the clients they need and registers
// each with the Functions Framework by name. One binary contains all of them.
// FUNCTION_TARGET says which one a deployment serves, and only the clients of
// that one are opened.
//
// They are HTTP functions and not CloudEvent functions, although they serve
// Pub/Sub: see docs/decisions.
package functions

import (
	"net/http"
	"time"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"example.com/missionpot/functions/checkbooks"
	"example.com/missionpot/functions/closemission"
	"example.com/missionpot/functions/growpot"
	"example.com/missionpot/functions/holdbets"
	"example.com/missionpot/functions/keepdeadletter"
	"example.com/missionpot/functions/mailresults"
	"example.com/missionpot/functions/settlemission"
	"example.com/missionpot/functions/sweepbets"
	"example.com/missionpot/functions/sweepmissions"
	"example.com/missionpot/internal/audit"
	"example.com/missionpot/internal/books"
	"example.com/missionpot/internal/broadcast"
	"example.com/missionpot/internal/config"
	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/push"
)

// Connections of one instance to its Postgres. The sum over all instances of
// all functions must stay below the server's max_connections.
const (
	holdPool   = 4 // one batch being decided, one being marked as published, and one of each to spare
	growPool   = 8 // each mission writes once a second at most
	settlePool = 8 // each settlement runs one chunk at a time
	closePool  = 4
	mailPool   = 8  // one for each mail under way
	duePool    = 4  // missions whose time is up, one round at a time
	checkPool  = 2  // of each instance: the snapshot, and writes beside it
	sweepPool  = 10 // four shards at once, each a lock and a query, and two to spare
)

const (
	mailConnections = 8                // to SendGrid, one for each mail under way
	keepTime        = 20 * time.Second // to keep one dead letter
)

func init() {
	for name, build := range all() {
		functions.HTTP(name, drained(measured(lazily(guarded(build)))))
	}
}

// all lists every function by the name event.Pipeline gives it.
func all() map[string]func(*opening) http.HandlerFunc {
	return map[string]func(*opening) http.HandlerFunc{
		"HoldBets":       holdBets,
		"GrowPot":        growPot,
		"SettleMission":  settleMission,
		"CloseMission":   closeMission,
		"MailResults":    mailResults,
		"SweepMissions":  sweepMissions,
		"SweepBets":      sweepBets,
		"CheckBooks":     checkBooks,
		"KeepDeadLetter": keepDeadLetter,
	}
}

func holdBets(o *opening) http.HandlerFunc {
	var c struct {
		config.Program
		config.UsersDatabase
	}
	o.settings(&c, &c.Program)
	step := holdbets.New(o.users(c.UsersDatabase, holdPool), o.bus(c.Project))
	return push.Handler(step.Handle, handlerTime("HoldBets"))
}

func growPot(o *opening) http.HandlerFunc {
	var c struct {
		config.Program
		config.MissionsDatabase
	}
	o.settings(&c, &c.Program)
	missions := o.missions(c.MissionsDatabase, growPool)
	step := growpot.New(missions, broadcast.New(missions, o.board(c.Google)), o.bus(c.Project), growpot.Pace)
	return push.Handler(step.Handle, handlerTime("GrowPot"))
}

func settleMission(o *opening) http.HandlerFunc {
	var c struct {
		config.Program
		config.UsersDatabase
	}
	o.settings(&c, &c.Program)
	step := settlemission.New(o.users(c.UsersDatabase, settlePool), o.bus(c.Project))
	return push.Handler(step.Handle, handlerTime("SettleMission"))
}

func closeMission(o *opening) http.HandlerFunc {
	var c struct {
		config.Program
		config.MissionsDatabase
	}
	o.settings(&c, &c.Program)
	missions := o.missions(c.MissionsDatabase, closePool)
	step := closemission.New(missions, broadcast.New(missions, o.board(c.Google)))
	return push.Handler(step.Handle, handlerTime("CloseMission"))
}

func mailResults(o *opening) http.HandlerFunc {
	var c struct {
		config.Program
		config.UsersDatabase
		config.Mail
	}
	o.settings(&c, &c.Program)
	users := o.users(c.UsersDatabase, mailPool)
	step := mailresults.New(users, o.mail(c.Mail), mailresults.Options{Pause: c.Pause, Now: users.Now})
	return push.Handler(step.Handle, handlerTime("MailResults"))
}

func sweepMissions(o *opening) http.HandlerFunc {
	var c struct {
		config.Program
		config.MissionsDatabase
		config.Audit
	}
	o.settings(&c, &c.Program)
	missions := o.missions(c.MissionsDatabase, duePool)
	step := sweepmissions.New(missions, broadcast.New(missions, o.board(c.Google)), o.bus(c.Project), missions.Now)
	census := audit.Missions(missions, c.AuditPeriod)
	return push.Handler(push.Step(census.After(step.Handle)), handlerTime("SweepMissions"))
}

func sweepBets(o *opening) http.HandlerFunc {
	var c struct {
		config.Program
		config.UsersDatabase
		config.Payments
		config.Sweep
		config.Audit
	}
	o.settings(&c, &c.Program)
	users := o.users(c.UsersDatabase, sweepPool)
	step := sweepbets.New(users, o.betLog(c.Google), o.payments(c.Payments), o.bus(c.Project),
		sweepbets.Options{Age: c.Age, Now: users.Now})
	books := audit.Books(users, c.AuditPeriod)
	return push.Handler(push.Step(books.After(step.Handle)), handlerTime("SweepBets"))
}

func checkBooks(o *opening) http.HandlerFunc {
	var c struct {
		config.Program
		config.Databases
		config.Check
	}
	o.settings(&c, &c.Program)
	users, missions := o.users(c.UsersDatabase, checkPool), o.missions(c.MissionsDatabase, checkPool)
	step := checkbooks.New(books.Checker{Ledger: users, Board: missions, Log: o.betLog(c.Google)}, users,
		checkbooks.Options{Period: c.Period, Settle: c.Settle, Late: c.Late, Now: time.Now, Clock: users.Now})
	return push.Handler(step.Handle, handlerTime("CheckBooks"))
}

func keepDeadLetter(o *opening) http.HandlerFunc {
	var c config.Program
	o.settings(&c, &c)
	step := keepdeadletter.New(o.deadLetters(c.Google), time.Now)
	return push.RawHandler(step.Handle, keepTime)
}

// handlerTime is when a function gives up: the longest of its subscriptions.
func handlerTime(function string) time.Duration {
	var longest time.Duration
	for _, s := range event.Pipeline() {
		if s.Function == function {
			longest = max(longest, s.Handler)
		}
	}
	return longest
}
