// Command signingkeys makes the next set of signing keys of a rotation from the current one. It
// reads the current set from standard input and writes the next one to standard output, so that a
// key is never in a file. docs/playbooks/key-rotation.md describes which subcommand to use when.
//
//	signingkeys add     a new key, which does not sign yet
//	signingkeys use     the new key signs
//	signingkeys drop    only the key that signs is left
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"example.com/missionpot/internal/token"
)

var changes = map[string]func([]byte) ([]byte, error){
	"add": token.AddKey, "use": token.UseNewKey, "drop": token.DropOldKeys,
}

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "signingkeys:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 || changes[args[0]] == nil {
		return errors.New("usage: signingkeys add|use|drop")
	}
	present, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read the present keys: %w", err)
	}
	next, err := changes[args[0]](present)
	if err != nil {
		return err
	}
	_, err = out.Write(next)
	return err
}
