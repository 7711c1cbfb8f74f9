package config

import (
	"context"
	"errors"
	"fmt"

	"github.com/sethvargo/go-envconfig"
)

// Load fills a struct made of this package's groups from the process's
// environment. The error names the variable that is missing or wrong, and
// never repeats the value of a Secret.
func Load(ctx context.Context, target any) error {
	return load(ctx, target, envconfig.OsLookuper())
}

// LoadFrom is Load from a given environment instead of the process's.
func LoadFrom(ctx context.Context, target any, environment map[string]string) error {
	return load(ctx, target, envconfig.MapLookuper(environment))
}

func load(ctx context.Context, target any, from envconfig.Lookuper) error {
	var decoding string // the library names the struct's field if a value can't be decoded; an operator needs the variable
	err := envconfig.ProcessWith(ctx, &envconfig.Config{
		Target:   target,
		Lookuper: envconfig.LookuperFunc(func(key string) (string, bool) { return lookup(from, key) }),
		Mutators: []envconfig.Mutator{envconfig.MutatorFunc(
			func(_ context.Context, key, _, _, value string) (string, bool, error) {
				decoding = key
				return value, false, nil
			})},
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, envconfig.ErrMissingRequired):
		return fmt.Errorf("settings: %w", innermost(err))
	default:
		return fmt.Errorf("settings: %s: %w", decoding, err)
	}
}

// innermost strips the path of struct fields from the library's error, which
// means nothing to an operator. What remains names the variable.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil || errors.Is(envconfig.ErrMissingRequired, inner) {
			return err
		}
		err = inner
	}
}

// lookup treats an empty variable as unset, because deployment tools write an empty value to mean
// that.
func lookup(from envconfig.Lookuper, key string) (string, bool) {
	value, found := from.Lookup(key)
	return value, found && value != ""
}
