package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/store/peopledb"
)

// maxShown is how many entries of a list are shown.
const maxShown = 100

func grant(ctx context.Context, c call) error {
	return change(ctx, c, "an operator from their next sign-in on", (*peopledb.DB).GrantOperator)
}

func revoke(ctx context.Context, c call) error {
	return change(ctx, c, "no operator any more", (*peopledb.DB).RevokeOperator)
}

func signOut(ctx context.Context, c call) error {
	return change(ctx, c, "signed out everywhere", (*peopledb.DB).SignOut)
}

func removeSecondFactor(ctx context.Context, c call) error {
	return change(ctx, c, "without a second factor now, and signed out everywhere", (*peopledb.DB).RemoveFactorOf)
}

func change(ctx context.Context, c call, done string,
	change func(*peopledb.DB, context.Context, string, account.Actor) (uuid.UUID, error),
) error {
	email, err := account.NormalEmail("EMAIL", c.args[0])
	if err != nil {
		return err
	}
	return withUsers(ctx, peopledb.New, func(db *peopledb.DB) error {
		id, err := change(db, ctx, email, c.actor)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s is %s\n", id, done)
		return nil
	})
}

// list shows people by their ids and display names; addresses are not needed.
func list(ctx context.Context, c call) error {
	return withUsers(ctx, peopledb.New, func(db *peopledb.DB) error {
		operators, err := db.Operators(ctx)
		for _, u := range operators {
			fmt.Fprintf(c.out, "%s  %s\n", u.ID, u.DisplayName)
		}
		return err
	})
}

func showAuditLog(ctx context.Context, c call) error {
	return withUsers(ctx, peopledb.New, func(db *peopledb.DB) error {
		actions, err := db.Actions(ctx, math.MaxInt64, maxShown)
		for _, a := range actions {
			fmt.Fprintf(c.out, "%s  %s  %s %s\n", a.At.Format(time.RFC3339), a.Actor, a.Name, a.Subject)
		}
		return err
	})
}
