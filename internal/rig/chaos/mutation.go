package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"example.com/missionpot/internal/rig/stand"
)

// Mutation is a guard of the system that is turned off, so that a run must fail. It is
// made of edits to the source the programs are built from, and of SQL on the run's own
// users database: the product has no switch for it.
type Mutation struct {
	Name  string
	Guard string // what is turned off, for a person
	Edits []Edit
	// Function, if set, is a function of the users database that is replaced by an edited one.
	Function *FunctionEdit
	SQL      []string
}

// FunctionEdit is a change to a function that a migration created.
type FunctionEdit struct{ Migration, Old, New string }

// Mutations are the guards whose absence a run must notice.
func Mutations() []Mutation {
	return []Mutation{
		{
			Name: "log-idempotency", Guard: "a key that was logged is found again",
			Edits: []Edit{{
				File: "internal/store/betlog/key.go",
				Old:  "sha256.Sum256(fmt.Appendf(nil, \"%s\\n%s\\n%s\\n%s\", kind, mission, user, idempotencyKey))",
				New:  "sha256.Sum256(fmt.Appendf(nil, \"%s\\n%s\\n%s\\n%s%s\", kind, mission, user, idempotencyKey, uuid.NewString()))",
			}},
		},
		{
			Name: "ledger-idempotency", Guard: "a bet id moves cash once",
			Edits: []Edit{
				{File: "internal/store/ledgerdb/hold_exact.go", Old: "\t\t\tdecided[id] = b\n", New: "\t\t\t_ = decided\n"},
			},
			SQL: []string{"ALTER TABLE ledger DROP CONSTRAINT ledger_pkey", "CREATE INDEX ledger_id ON ledger (id)"},
		},
		{
			Name: "escrow-lock", Guard: "a closed escrow takes no bet",
			Edits: []Edit{
				{File: "internal/core/ledger/decide.go", Old: "case !escrow.Open:", New: "case escrow.Open && false:"},
			},
			Function: &FunctionEdit{"00004_bets.sql", " AND e.state = 'open'", ""},
		},
		{
			Name: "late-bets", Guard: "a bet that was logged after the verdict is refunded",
			Edits: []Edit{{
				File: "internal/store/ledgerdb/late.go",
				Old:  "AND logged_at >= $2 AND mission_id",
				New:  "AND logged_at >= $2 AND false AND mission_id",
			}},
		},
		{
			Name: "sweep", Guard: "what was left behind is published again",
			Edits: []Edit{{
				File: "functions/sweepbets/step.go",
				Old:  "\treturn errors.Join(s.pots(ctx),",
				New:  "\tif true {\n\t\treturn nil\n\t}\n\treturn errors.Join(s.pots(ctx),",
			}},
		},
		{
			Name: "retry", Guard: "a message that was not handled is delivered again",
			Edits: []Edit{{
				File: "internal/cloud/push/handler.go",
				Old:  "http.Error(w, \"not handled\", http.StatusInternalServerError)",
				New:  "w.WriteHeader(http.StatusNoContent)",
			}},
		},
	}
}

// apply changes the source. A nil mutation changes nothing.
func (m *Mutation) apply(source *overlay) error {
	if m == nil {
		return nil
	}
	for _, e := range m.Edits {
		if err := source.edit(e); err != nil {
			return fmt.Errorf("mutation %s: %w", m.Name, err)
		}
	}
	return nil
}

// applySQL changes the run's users database.
func (m *Mutation) applySQL(ctx context.Context, s *system) error {
	if m == nil {
		return nil
	}
	statements := m.SQL
	if m.Function != nil {
		made, err := m.Function.statement(s.module)
		if err != nil {
			return fmt.Errorf("mutation %s: %w", m.Name, err)
		}
		statements = append(statements, made)
	}
	for _, sql := range statements {
		if err := stand.Exec(ctx, s.users.postgres().DSN(databaseName), sql); err != nil {
			return fmt.Errorf("mutation %s: %w", m.Name, err)
		}
	}
	return nil
}

// statementBody matches a statement between the marks of a migration.
var statementBody = regexp.MustCompile(`(?s)-- \+goose StatementBegin\n(.*?)\n-- \+goose StatementEnd`)

// statement returns the migration's function with the change.
func (f *FunctionEdit) statement(module string) (string, error) {
	text, err := os.ReadFile(filepath.Join(module, "migrations/users", f.Migration))
	if err != nil {
		return "", err
	}
	body := statementBody.FindSubmatch(text)
	if body == nil || strings.Count(string(body[1]), f.Old) != 1 {
		return "", fmt.Errorf("%s does not hold %q once: the function has changed, so change this mutation too", f.Migration, f.Old)
	}
	sql := strings.Replace(string(body[1]), "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
	return strings.Replace(sql, f.Old, f.New, 1), nil
}
