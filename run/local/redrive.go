package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"example.com/missionpot/internal/bus"
	"example.com/missionpot/internal/config"
	"example.com/missionpot/internal/deadletter"
)

const (
	// redriveTime bounds the whole command.
	redriveTime = time.Minute
	// maxListed is how many letters are listed; redrive some to see more.
	maxListed = 100
)

// redrive lists the dead letters that nobody has sent again, or sends again those
// whose ids it is given. Mend what killed them first. Where it works is told by
// the environment, as it is to the programs: GOOGLE_CLOUD_PROJECT, which is
// Google Cloud's unless the emulators' addresses are set as well.
func redrive(ctx context.Context, out io.Writer, ids []string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, redriveTime)
	defer cancel()
	var c config.Google
	if err := config.Load(ctx, &c); err != nil {
		return err
	}
	letters, err := deadletter.Open(ctx, c.Project, c.FirestoreDatabase)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, letters.Close()) }()
	if len(ids) == 0 {
		return listLetters(ctx, out, letters)
	}
	topics, err := bus.Open(ctx, c.Project)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, topics.Close()) }()
	for _, id := range ids {
		if err := letters.Redrive(ctx, id, topics.PublishRaw); err != nil {
			return err
		}
		fmt.Fprintln(out, id, "sent again")
	}
	return nil
}

func listLetters(ctx context.Context, out io.Writer, letters *deadletter.Store) error {
	kept, err := letters.List(ctx, maxListed)
	if err != nil {
		return err
	}
	for _, d := range kept {
		fmt.Fprintf(out, "%s  kept %s  %s after %d attempts on topic %s\n",
			d.ID, d.KeptAt.Format(time.RFC3339), d.Type, d.Attempts, d.Topic)
	}
	fmt.Fprintf(os.Stderr, "%d dead letters; send them again with: local redrive ID...\n", len(kept))
	return nil
}
