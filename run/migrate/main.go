// Command migrate brings the schema of both Postgres instances up to date. It is a
// Cloud Run job that runs before a new version of the services takes requests; it may
// be run again at any time.
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"example.com/missionpot/internal/config"
	"example.com/missionpot/internal/telemetry"
	"example.com/missionpot/migrations"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		slog.Error("migration failed", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var settings struct {
		config.Databases
		config.Log
	}
	if err := config.Load(ctx, &settings); err != nil {
		return err
	}
	slog.SetDefault(telemetry.NewLogger(os.Stderr, settings.Level, ""))
	// One failing instance does not keep the other from its migrations: each service
	// works with one of them.
	return errors.Join(
		migrate(ctx, migrations.Users, settings.UsersURL),
		migrate(ctx, migrations.Missions, settings.MissionsURL))
}

func migrate(ctx context.Context, instance migrations.Instance, url config.Secret) error {
	applied, err := migrations.Up(ctx, url.Reveal(), instance)
	for _, name := range applied {
		slog.InfoContext(ctx, "migration applied", "instance", instance, "file", name)
	}
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "schema up to date", "instance", instance, "applied", len(applied))
	return nil
}
