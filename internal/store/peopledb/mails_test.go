package peopledb_test

import (
	"testing"
	"time"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

func TestRule15AMailIsLeasedSentOnceAndDueAgainAfterACrash(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer, ana := f.Escrow(), f.User(0), f.User(500)
	f.MustHold(storetest.Bet(mission, ana, 100))
	f.MustSettle(mission, ledger.Failed, streamer, ana, 10)

	claimed, err := f.ClaimMails(t.Context(), 10, time.Hour)
	if err != nil || len(claimed) != 2 {
		t.Fatalf("claimed %d mails (%v), want 2", len(claimed), err)
	}
	if again, _ := f.ClaimMails(t.Context(), 10, time.Hour); len(again) != 0 {
		t.Errorf("claimed %d leased mails, want 0", len(again))
	}
	if err := f.MailsSent(t.Context(), claimed[:1], 0); err != nil {
		t.Fatal(err)
	}
	f.Exec(`UPDATE mails SET due_at = clock_timestamp() - interval '1 second'`) // the lease expires
	f.Exec(`UPDATE mail_pauses SET until = clock_timestamp()`)
	after, err := f.ClaimMails(t.Context(), 10, time.Hour)
	if err != nil || len(after) != 1 || after[0].UserID != claimed[1].UserID || after[0].Attempt != 2 {
		t.Errorf("after the lease: got %d mails (%v), want the unsent one, at its second try", len(after), err)
	}
	if err := f.MailsFailed(t.Context(), after[:1], 0); err != nil {
		t.Fatal(err)
	}
	if back, _ := f.ClaimMails(t.Context(), 10, time.Hour); len(back) != 1 {
		t.Errorf("a returned mail: claimed %d, want 1", len(back))
	}
}
