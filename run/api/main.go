// Command api serves the REST contract and the live events. Without arguments
// it serves; `api openapi` writes the contract's description to standard output.
package main

//go:generate sh -c "go run . openapi > ../../docs/openapi.yaml"

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Cloud Run stops an instance with SIGTERM, a person with Ctrl-C.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		slog.Error("api", "error", err)
		os.Exit(1)
	}
}
