package peopledb_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
)

const admin account.Actor = "command:kim"

func emailOf(user uuid.UUID) string { return user.String() + "@example.com" }

func (f fixture) isOperator(user uuid.UUID) bool {
	f.t.Helper()
	is, err := f.IsOperator(f.t.Context(), user)
	if err != nil {
		f.t.Fatal(err)
	}
	return is
}

// operator adds an operator.
func (f fixture) operator() uuid.UUID {
	f.t.Helper()
	id := f.User(0)
	if _, err := f.GrantOperator(f.t.Context(), emailOf(id), admin); err != nil {
		f.t.Fatalf("grant: %v", err)
	}
	return id
}

func TestAnOperatorIsOneFromTheGrantToTheRevocation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, other := f.User(0), f.User(0)
	for range 2 { // a second time changes nothing
		if id, err := f.GrantOperator(t.Context(), emailOf(user), admin); err != nil || id != user {
			t.Fatalf("grant: %v, %v, want %v", id, err, user)
		}
	}
	if !f.isOperator(user) || f.isOperator(other) {
		t.Errorf("operator: %v, another user: %v; want true and false", f.isOperator(user), f.isOperator(other))
	}
	if list, err := f.Operators(t.Context()); err != nil || len(list) != 1 || list[0].ID != user {
		t.Errorf("operators are %+v, %v, want only %v", list, err, user)
	}
	for range 2 {
		if id, err := f.RevokeOperator(t.Context(), emailOf(user), admin); err != nil || id != user {
			t.Fatalf("revoke: %v, %v, want %v", id, err, user)
		}
	}
	if f.isOperator(user) {
		t.Error("still an operator after the role was revoked")
	}
}

func TestAUserWhoEverMovedCashOrIsAStreamerBecomesNoOperator(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	rich, streamer, pending := f.User(1000), f.User(0), f.User(0)
	f.Exec(`UPDATE users SET streamer = true WHERE id = $1`, streamer)
	if _, _, err := f.OpenCharge(t.Context(), ledger.Charge{ID: uuid.New(), UserID: pending, Amount: 100}, "key", hashOf("r")); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]uuid.UUID{"cash": rich, "a streamer": streamer, "a pending charge": pending} {
		if _, err := f.GrantOperator(t.Context(), emailOf(id), admin); !errors.Is(err, fault.Forbidden) || f.isOperator(id) {
			t.Errorf("%s: the error is %v and operator %v, want a refusal", name, err, f.isOperator(id))
		}
	}
	if _, err := f.GrantOperator(t.Context(), "nobody@example.com", admin); !errors.Is(err, fault.NotFound) {
		t.Errorf("an unknown address: %v, want not found", err)
	}
}

func TestAnOperatorIsChargedNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.operator()
	_, _, err := f.OpenCharge(t.Context(), ledger.Charge{ID: uuid.New(), UserID: id, Amount: 100}, "key", hashOf("r"))
	if !errors.Is(err, fault.OperatorCash) || f.Figure(`SELECT count(*) FROM charges`) != 0 {
		t.Errorf("the error is %v, want operator_moves_no_cash and no charge", err)
	}
}

// Of a grant and a charge of one user at the same time only one happens.
func TestAChargeAndAGrantAtTheSameTimeExcludeEachOther(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range 50 {
		id := f.User(0)
		charged := make(chan error, 1)
		go func() {
			_, _, err := f.OpenCharge(t.Context(), ledger.Charge{ID: uuid.New(), UserID: id, Amount: 100}, "key", hashOf("r"))
			charged <- err
		}()
		_, granted := f.GrantOperator(t.Context(), emailOf(id), admin)
		if (<-charged == nil) == (granted == nil) {
			t.Fatalf("the grant returned %v: exactly one of the grant and the charge must be refused", granted)
		}
	}
}

func TestEveryActionIsInTheAuditLogAndStaysThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.operator()
	by := account.UserActor(user)
	for _, name := range []account.ActionName{account.ListLetters, account.ReadLetter, account.RedriveLetter} {
		if err := f.Record(t.Context(), by, name, "holdbets-7"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.RevokeOperator(t.Context(), emailOf(user), admin); err != nil {
		t.Fatal(err)
	}
	got, err := f.Actions(t.Context(), math.MaxInt64, 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []account.Action{
		{Seq: 5, Actor: admin, Name: account.RevokeOperator, Subject: user.String()},
		{Seq: 4, Actor: by, Name: account.RedriveLetter, Subject: "holdbets-7"},
		{Seq: 3, Actor: by, Name: account.ReadLetter, Subject: "holdbets-7"},
		{Seq: 2, Actor: by, Name: account.ListLetters, Subject: "holdbets-7"},
		{Seq: 1, Actor: admin, Name: account.GrantOperator, Subject: user.String()},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(account.Action{}, "At")); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}
	for _, change := range []string{`UPDATE operator_actions SET actor = 'x'`, `DELETE FROM operator_actions`, `TRUNCATE operator_actions`} {
		if _, err := f.Pool.Exec(t.Context(), change); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: the error is %v, want a refusal", change, err)
		}
	}
}

func TestAnOperatorsSignOutOfAUserIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina := f.session("lost phone")
	for range 2 {
		if id, err := f.SignOut(t.Context(), emailOf(mina), admin); err != nil || id != mina {
			t.Fatalf("sign out: %v, %v, want %v", id, err, mina)
		}
	}
	if _, err := f.rotate("lost phone", "next"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("the lost phone is still signed in: %v, want fault.Unauthenticated", err)
	}
	actions, err := f.Actions(t.Context(), math.MaxInt64, 1)
	if err != nil || len(actions) != 1 || actions[0].Name != account.SignOut || actions[0].Subject != mina.String() || actions[0].Actor != admin {
		t.Errorf("the audit log is %+v, %v", actions, err)
	}
	if _, err := f.SignOut(t.Context(), "nobody@example.com", admin); !errors.Is(err, fault.NotFound) {
		t.Errorf("an unknown address: %v, want fault.NotFound", err)
	}
}
