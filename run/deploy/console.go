package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// console runs programs before the eyes of whoever deploys. When dry it only says which.
type console struct {
	out io.Writer
	in  io.Reader // for the questions of the programs
	dry bool
}

// warn says what nobody should overlook.
func (c *console) warn(text string) { fmt.Fprintln(c.out, "WARNING: "+text) }

// do runs a program in the directory dir, after saying so. input, if there is any, is what
// it reads, and is not said: it may be a secret.
func (c *console) do(ctx context.Context, dir string, input []byte, name string, args ...string) error {
	fmt.Fprintf(c.out, "+ %s\n", quoted(name, args))
	if c.dry {
		return nil
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, c.in, c.out, os.Stderr
	if input != nil {
		cmd.Stdin = bytes.NewReader(input)
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// ask runs a program that changes nothing, and returns what it says.
func ask(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
		}
		return "", fmt.Errorf("%s: %w", quoted(name, args), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// quoted is a command as one would type it.
func quoted(name string, args []string) string {
	words := []string{name}
	for _, arg := range args {
		if arg == "" || strings.ContainsAny(arg, " <>|&;()$*?'\"") {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}
