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
	"example.com/missionpot/functions/sendmail"
	"example.com/missionpot/functions/settlemission"
	"example.com/missionpot/functions/sweepbets"
	"example.com/missionpot/functions/sweepmissions"
	"example.com/missionpot/internal/cloud/config"
	"example.com/missionpot/internal/cloud/gauges"
	"example.com/missionpot/internal/cloud/push"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/flow/eventcopy"
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/peopledb"
	"example.com/missionpot/internal/store/reconciledb"
)

const (
	mailConnections = 8                // to SendGrid, one for each mail under way
	keepTime        = 20 * time.Second // to keep one dead letter
)

func init() {
	for name, build := range all() {
		functions.HTTP(name, drained(measured(lazily(row(name), guarded(build)))))
	}
}

// all lists every function by the name event.Pipeline gives it.
func all() map[string]func(*opening) http.HandlerFunc {
	functions := map[string]func(*opening) http.HandlerFunc{
		"HoldBets":       holdBets,
		"GrowPot":        growPot,
		"SettleMission":  settleMission,
		"CloseMission":   closeMission,
		"SendMail":       sendMail,
		"SweepMissions":  sweepMissions,
		"SweepBets":      sweepBets,
		"CheckBooks":     checkBooks,
		"KeepDeadLetter": keepDeadLetter,
	}
	for name, build := range functions {
		functions[name] = func(o *opening) http.HandlerFunc {
			o.Log()
			return build(o)
		}
	}
	return functions
}

func holdBets(o *opening) http.HandlerFunc {
	step := holdbets.New(ledgerdb.New(o.users()), o.bus())
	return push.Handler(step.Handle, o.handlerTime())
}

func growPot(o *opening) http.HandlerFunc {
	missions := missionsdb.New(o.missions())
	step := growpot.New(missions, eventcopy.New(missions, o.board()), o.bus(), growpot.Pace)
	return push.Handler(step.Handle, o.handlerTime())
}

func settleMission(o *opening) http.HandlerFunc {
	step := settlemission.New(ledgerdb.New(o.users()), o.bus())
	return push.Handler(step.Handle, o.handlerTime())
}

func closeMission(o *opening) http.HandlerFunc {
	missions := missionsdb.New(o.missions())
	step := closemission.New(missions, eventcopy.New(missions, o.board()))
	return push.Handler(step.Handle, o.handlerTime())
}

func sendMail(o *opening) http.HandlerFunc {
	var c config.MailPause
	o.Settings(&c)
	users := o.users()
	step := sendmail.New(peopledb.New(users), o.Mail(mailConnections), sendmail.Options{Pause: c.Pause, Now: users.Now})
	return push.Handler(step.Handle, o.handlerTime())
}

func sweepMissions(o *opening) http.HandlerFunc {
	var c config.Gauges
	o.Settings(&c)
	pool := o.missions()
	missions := missionsdb.New(pool)
	step := sweepmissions.New(missions, eventcopy.New(missions, o.board()), o.bus(), pool.Now)
	census := gauges.Missions(missions, pool, c.GaugesPeriod)
	return push.Handler(push.Step(census.After(step.Handle)), o.handlerTime())
}

func sweepBets(o *opening) http.HandlerFunc {
	var c struct {
		config.Sweep
		config.Gauges
	}
	o.Settings(&c)
	users := o.users()
	step := sweepbets.New(ledgerdb.New(users), o.betLog(), o.Payments(), o.bus(), sweepbets.Options{Age: c.Age, Now: users.Now})
	books := gauges.Books(reconciledb.New(users), users, c.GaugesPeriod)
	return push.Handler(push.Step(books.After(step.Handle)), o.handlerTime())
}

func checkBooks(o *opening) http.HandlerFunc {
	var c config.Check
	o.Settings(&c)
	users, missions := o.users(), o.missions()
	books := reconciledb.New(users)
	step := checkbooks.New(reconcile.Checker{Ledger: books, Missions: missionsdb.New(missions), Log: o.betLog()}, books,
		checkbooks.Options{Period: c.Period, Grace: c.Grace, Late: c.Late, Now: time.Now, Clock: users.Now})
	return push.Handler(step.Handle, o.handlerTime())
}

func keepDeadLetter(o *opening) http.HandlerFunc {
	step := keepdeadletter.New(o.deadLetters(), time.Now)
	return push.RawHandler(step.Handle, keepTime)
}

// row is a function's row in the pipeline's table.
func row(function string) event.Step {
	for _, s := range event.Steps() {
		if s.Function == function {
			return s
		}
	}
	panic("terraform/pipeline.json does not have " + function) // it is part of the program
}

// handlerTime is when a function gives up: the longest of its subscriptions.
func (o *opening) handlerTime() time.Duration {
	var longest time.Duration
	for _, s := range o.row.Subscriptions {
		longest = max(longest, time.Duration(s.Handler)*time.Second)
	}
	return longest
}
