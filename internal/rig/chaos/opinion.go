package chaos

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/internal/store/betlog"
	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/pg"
	"example.com/missionpot/internal/store/reconciledb"
)

// opinionPool is how many connections the check of the books gets to each database.
const opinionPool = 2

// checkBooks has the product's own check of the books read everything once, with nothing in
// progress. It is a second judge next to the model: it can't be the only one, because it is part of
// the system under test.
func (s *system) checkBooks(ctx context.Context, v *Verdict) error {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	users, err := pg.Open(ctx, pg.Users, s.users.postgres().DSN(databaseName), opinionPool)
	if err != nil {
		return err
	}
	defer users.Close()
	missions, err := pg.Open(ctx, pg.Missions, s.missions.postgres().DSN(databaseName), opinionPool)
	if err != nil {
		return err
	}
	defer missions.Close()
	books := reconciledb.New(users)
	client, err := firestore.NewClient(ctx, project, stand.EmulatorOptions(s.firestore.Host())...)
	if err != nil {
		return fmt.Errorf("open Firestore: %w", err)
	}
	log := betlog.New(client)
	defer log.Close()
	checker := reconcile.Checker{Ledger: books, Missions: missionsdb.New(missions), Log: log}
	report, _, err := checker.Check(ctx, reconcile.Options{Whole: true, Late: reconcile.UsualLate, Now: time.Now})
	if err != nil {
		return err
	}
	for _, f := range report.Findings {
		if f.Grade == reconcile.Broken {
			v.find("books", "%s", f)
		}
	}
	changes, err := books.ModeChanges(ctx, 1)
	for _, change := range changes {
		v.find("books", "the service changed its mode in the middle of the run: %s", change.Reason)
	}
	return err
}
