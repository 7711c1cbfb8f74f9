package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/flow/redrive"
	"example.com/missionpot/internal/store/peopledb"
)

// listDeadLetters lists dead letters that nobody has sent again, at most maxShown; send some again to
// see more.
func listDeadLetters(ctx context.Context, c call) error {
	return withDesk(ctx, func(desk *redrive.Desk) error {
		kept, err := desk.List(ctx, c.actor, event.DeadLetterFilter{Limit: maxShown})
		if err != nil {
			return err
		}
		for _, d := range kept {
			fmt.Fprintf(c.out, "%s  kept %s  %s after %d attempts on topic %s\n",
				d.ID, d.KeptAt.UTC().Format(time.RFC3339), d.Type, d.Attempts, d.Topic)
		}
		fmt.Fprintf(os.Stderr, "%d dead letters; send them again with: operator -as NAME redrive ID...\n", len(kept))
		return nil
	})
}

// readDeadLetter shows what an operator needs of one, without personal data.
func readDeadLetter(ctx context.Context, c call) error {
	return withDesk(ctx, func(desk *redrive.Desk) error {
		d, err := desk.Read(ctx, c.actor, c.args[0])
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s\n  step %s, topic %s, type %s, %d attempts\n  published %s, kept %s\n",
			d.ID, d.Step, d.Topic, d.Type, d.Attempts, d.PublishedAt.UTC().Format(time.RFC3339), d.KeptAt.UTC().Format(time.RFC3339))
		if d.Redrives > 0 {
			fmt.Fprintf(c.out, "  sent again %s by %s\n", d.RedrivenAt.UTC().Format(time.RFC3339), d.RedrivenBy)
		}
		if contents, err := event.Shown(d.Type, d.Data); err != nil {
			fmt.Fprintf(c.out, "  %d bytes that no step can read\n", len(d.Data))
		} else {
			fmt.Fprintf(c.out, "  contents %v\n", contents)
		}
		return nil
	})
}

// redriveDeadLetters sends dead letters again, in the order given, and stops at the first error.
func redriveDeadLetters(ctx context.Context, c call) error {
	return withDesk(ctx, func(desk *redrive.Desk) error {
		for _, id := range c.args {
			d, err := desk.Redrive(ctx, c.actor, id)
			if err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
			fmt.Fprintf(c.out, "%s sent again %s by %s\n", id, d.RedrivenAt.UTC().Format(time.RFC3339), d.RedrivenBy)
		}
		return nil
	})
}

// withDesk opens the users database for the audit log, the dead letters and the topics.
func withDesk(ctx context.Context, do func(*redrive.Desk) error) error {
	return with(ctx, func(o opening) error {
		users, letters, topics := o.users(), o.DeadLetters(), o.Bus()
		if err := o.Err(); err != nil {
			return err
		}
		return do(&redrive.Desk{DeadLetters: letters, Record: peopledb.New(users), Publish: topics.PublishRaw})
	})
}
