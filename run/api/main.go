// Command api serves the REST contract and the live events. Without arguments
// it serves; `api openapi` writes the contract's description to standard output.
package main

//go:generate sh -c "go run . openapi > ../../docs/openapi.yaml"

import (
	"log/slog"

	"example.com/missionpot/internal/program"
)

func main() {
	program.Run(run, func(err error) int {
		if err == nil {
			return 0
		}
		slog.Error("api", "error", err)
		return 1
	})
}
