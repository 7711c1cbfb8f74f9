package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	chargeID = "0196f3a0-0000-7000-8000-000000000001"
	userID   = "0196f3a0-0000-7000-8000-000000000002"
)

func TestAStatementIsReadWhole(t *testing.T) {
	t.Parallel()
	charges, err := readStatement(statementOf(t, chargeID+","+userID+",5000\n"+userID+","+chargeID+",1\n"))
	if err != nil || len(charges) != 2 || charges[0].ID.String() != chargeID || charges[0].UserID.String() != userID || charges[0].Amount != 5000 {
		t.Errorf("read %+v, %v; want both charges", charges, err)
	}
}

// The file is read before anything is opened, so a mistake in it changes nothing.
func TestAMistakeInTheStatementIsNamedByItsLine(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"x," + userID + ",1", chargeID + ",x,1", chargeID + "," + userID + ",x", chargeID + "," + userID + ",0", chargeID + "," + userID} {
		file := statementOf(t, line+"\n")
		if _, err := typed(t, "", "restore", "users", "-charges", file); err == nil || !strings.Contains(err.Error(), file+", line 1: ") {
			t.Errorf("%q: the error is %v, want the file and the line", line, err)
		}
	}
}

func statementOf(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "statement.csv")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
