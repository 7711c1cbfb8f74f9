// Command migrate brings the schema of both Postgres instances up to date, and the rights
// of all programs. It is a Cloud Run job that runs before a new version of the services
// takes requests; it may be run again at any time.
//
//	migrate [-keep 720h]
//
// A right that this version no longer needs stays for that time, so that the version before
// can go on. -keep 0s takes it at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"example.com/missionpot/internal/cloud/cloudsql"
	"example.com/missionpot/internal/cloud/config"
	"example.com/missionpot/internal/cloud/telemetry"
	"example.com/missionpot/internal/program"
	"example.com/missionpot/migrations"
)

func main() {
	program.Run(run, func(err error) int {
		if err == nil {
			return 0
		}
		slog.Error("migration failed", "error", err)
		return 1
	})
}

type settings struct {
	config.Databases
	config.Log
	// ProgramUsers are the Postgres users of the programs, by the programs' names.
	// On one machine there is none: every program is the owner.
	ProgramUsers map[string]string `env:"PROGRAM_USERS"`
	// GrantedRoles are the Postgres roles whose members may read and write every
	// table: people in an emergency.
	GrantedRoles []string `env:"GRANTED_ROLES"`
}

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	keep := flags.Duration("keep", migrations.Keep, "how long a right stays that this version no longer needs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *keep < 0 {
		return errors.New("usage: migrate [-keep DURATION]")
	}
	var c settings
	if err := config.Load(ctx, &c); err != nil {
		return err
	}
	slog.SetDefault(telemetry.NewLogger(os.Stderr, c.Level, ""))
	dialer, err := cloudsql.Open(ctx, c.UsersInstance, c.MissionsInstance)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dialer.Close()) }()
	// An instance that fails does not stop the migrations of the other: each service works with one
	// of them.
	return errors.Join(
		migrate(ctx, migrations.Users, c.UsersURL, dialer.To(c.UsersInstance), c, *keep),
		migrate(ctx, migrations.Missions, c.MissionsURL, dialer.To(c.MissionsInstance), c, *keep))
}

func migrate(ctx context.Context, instance migrations.Instance, url config.Secret, dial pgconn.DialFunc, c settings, keep time.Duration) (err error) {
	cfg, err := pgx.ParseConfig(url.Reveal())
	if err != nil {
		return fmt.Errorf("read the %s database's address: %w", instance, err)
	}
	if dial != nil {
		cfg.DialFunc = dial
	}
	db := stdlib.OpenDB(*cfg)
	defer func() { err = errors.Join(err, db.Close()) }()
	applied, err := migrations.UpDB(ctx, db, instance)
	for _, name := range applied {
		slog.InfoContext(ctx, "migration applied", "instance", instance, "file", name)
	}
	if err != nil {
		return err
	}
	if len(c.ProgramUsers) > 0 {
		if err := migrations.Arrange(ctx, db, instance, c.ProgramUsers, keep); err != nil {
			return err
		}
	}
	for _, role := range c.GrantedRoles {
		if err := migrations.Grant(ctx, db, role); err != nil {
			return err
		}
	}
	slog.InfoContext(ctx, "schema up to date", "instance", instance, "applied", len(applied))
	return nil
}
