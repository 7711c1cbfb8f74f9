package functions

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"example.com/missionpot/internal/cloud/config"
	"example.com/missionpot/internal/cloud/telemetry/export"
)

// exporting starts the exporters once, at the process's first request. They
// belong to the process and not to one of its functions.
var exporting = sync.OnceValue(func() *export.Export {
	e, err := startExport(context.Background())
	if err != nil {
		// A bet must not wait for telemetry.
		slog.Error("telemetry not started", "error", err)
		return &export.Export{}
	}
	return e
})

func startExport(ctx context.Context) (*export.Export, error) {
	var c struct {
		config.Google
		config.Telemetry
		config.Platform
	}
	if err := config.Load(ctx, &c); err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	return export.Start(ctx, c.Telemetry, export.Program{
		Name: cmp.Or(c.Service, "functions"), Project: c.Project, OnCloud: c.OnGoogleCloud(), OnRequest: true,
	})
}

// measured exports a function's measurements at the end of its requests.
func measured(function http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		exporting().Handler(function)(w, r)
	}
}
