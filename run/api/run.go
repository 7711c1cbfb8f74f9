package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/cloud/config"
	"example.com/missionpot/internal/cloud/telemetry/export"
	"example.com/missionpot/internal/wire"
)

// Limits of the server. A call's body is at most 64 KiB; a client that takes longer than this to
// send it only occupies a place. Answers set their own deadlines.
const (
	readHeaderTime = 5 * time.Second
	readTime       = 15 * time.Second
	idleTime       = 60 * time.Second
	maxHeader      = 16 << 10 // bytes
	// drainTime is how long calls in progress may take after the signal to stop. Cloud Run kills an
	// instance 10 seconds after it.
	drainTime = 9 * time.Second
)

type settings struct {
	config.Google
	config.HTTP
	config.Limits
	config.Missions
	config.CORS
	config.Tokens
	config.Telemetry
	config.Platform
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == "openapi" {
		text, err := api.OpenAPI()
		if err != nil {
			return fmt.Errorf("describe the API: %w", err)
		}
		_, err = os.Stdout.Write(text)
		return err
	}
	if len(args) > 0 {
		return errors.New("usage: api [openapi]")
	}
	var c settings
	clients := wire.New(ctx)
	log := clients.Log()
	clients.Settings(&c)
	if err := clients.Err(); err != nil {
		return err
	}
	measured, err := export.Start(ctx, c.Telemetry, export.Program{
		Name: cmp.Or(c.Service, "api"), Project: c.Project, OnCloud: c.OnGoogleCloud(),
	})
	if err != nil {
		return err
	}
	defer closeExport(ctx, measured)
	defer closeClients(clients)
	draining := make(chan struct{})
	handler, err := newHandler(clients, c, log, draining)
	if err != nil {
		return err
	}
	return listen(ctx, net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))), handler, draining, log)
}

// exportTime is how long the export of the last measurements may take. The calls in progress have
// ended by then, mostly long before their own limit.
const exportTime = 2 * time.Second

func closeExport(ctx context.Context, e *export.Export) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportTime)
	defer cancel()
	if err := e.Close(ctx); err != nil {
		slog.WarnContext(ctx, "telemetry not sent", "error", err)
	}
}

func closeClients(clients *wire.Clients) {
	if err := clients.Close(); err != nil {
		slog.Warn("close the clients", "error", err)
	}
}

// listen serves until ctx ends, then ends the streams and lets calls in progress finish.
func listen(ctx context.Context, address string, handler http.Handler, draining chan struct{}, log *slog.Logger) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTime, ReadTimeout: readTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	log.Info("serving", "address", listener.Addr().String())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping")
	close(draining)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(fmt.Errorf("stop: %w", err), server.Close())
	}
	return nil
}
