package main

import (
	"context"
	"fmt"
	"io"

	"example.com/missionpot/internal/auth/token"
)

// The next set of signing keys is made of the present one, which is read from standard input.
// So a key is never in a file. docs/operating/playbooks/key-rotation.md says which to use when.

func addKey(_ context.Context, c call) error { return changeKeys(c, token.AddKey) }

func useNewKey(_ context.Context, c call) error { return changeKeys(c, token.UseNewKey) }

func dropOldKeys(_ context.Context, c call) error { return changeKeys(c, token.DropOldKeys) }

// changeKeys writes nothing unless the whole set was made.
func changeKeys(c call, change func([]byte) ([]byte, error)) error {
	present, err := io.ReadAll(c.in)
	if err != nil {
		return fmt.Errorf("read the present keys: %w", err)
	}
	next, err := change(present)
	if err != nil {
		return err
	}
	_, err = c.out.Write(next)
	return err
}
