package ledger_test

import (
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// contributions turns fuzzed bytes into contributions of distinct users: two
// bytes an amount.
func contributions(data []byte) []ledger.Contribution {
	var held []ledger.Contribution
	for i := 0; i+1 < len(data) && len(held) < 500; i += 2 {
		amount := ledger.Won(data[i])<<8 | ledger.Won(data[i+1])
		held = append(held, ledger.Contribution{UserID: uuid.NewSHA1(uuid.NameSpaceOID, []byte{byte(i), byte(i >> 8)}), Amount: amount + 1, Late: (amount + 1) * ledger.Won(data[i]%4) / 4})
	}
	return held
}

func FuzzSettleLosesNothingAndGivesNobodyMoreThanTheyPutIn(f *testing.F) {
	f.Add("succeeded", []byte{0, 100, 3, 232})
	f.Add("failed", []byte{0, 100, 3, 232, 255, 255})
	f.Add("unfunded", []byte{})
	f.Fuzz(func(t *testing.T, ending string, data []byte) {
		streamer := uuid.NewSHA1(uuid.NameSpaceDNS, []byte("streamer"))
		held := contributions(data)
		put, late := map[uuid.UUID]ledger.Won{}, map[uuid.UUID]ledger.Won{}
		var pot ledger.Won
		for _, c := range held {
			put[c.UserID] += c.Amount
			late[c.UserID] += c.Late
			pot += c.Amount
		}
		var out ledger.Won
		for _, p := range ledger.Settle(ledger.Ending(ending), streamer, held) {
			out += p.Amount
			switch {
			case p.Amount <= 0:
				t.Errorf("a payment of %s", p.Amount)
			case p.Refund && ledger.Ending(ending).Pays() && p.Amount != late[p.UserID]:
				t.Errorf("a contributor of %s after the verdict gets %s back", late[p.UserID], p.Amount)
			case p.Refund && p.Amount > put[p.UserID]:
				t.Errorf("a contributor of %s gets %s back", put[p.UserID], p.Amount)
			case !p.Refund && (p.UserID != streamer || ledger.Ending(ending) != ledger.Succeeded):
				t.Errorf("ending %q pays %s to someone", ending, p.Amount)
			}
		}
		if out != pot {
			t.Errorf("ending %q: %s held, %s paid and refunded", ending, pot, out)
		}
	})
}

func TestSettlementRowsHaveIDsOfTheirOwn(t *testing.T) {
	t.Parallel()
	mission, user := uuid.New(), uuid.New()
	ids := map[uuid.UUID]string{}
	for name, id := range map[string]uuid.UUID{
		"payout": ledger.PayoutID(mission), "refund": ledger.RefundID(mission, user),
		"refund of another": ledger.RefundID(mission, uuid.New()), "payout of another": ledger.PayoutID(uuid.New()),
	} {
		if other, taken := ids[id]; taken {
			t.Errorf("%s and %s share an id", name, other)
		}
		ids[id] = name
	}
	first, second := ledger.RefundID(mission, user), ledger.RefundID(mission, user)
	if first != second {
		t.Errorf("the id of one refund is %s and then %s", first, second)
	}
}

func TestWonIsWrittenWithThousands(t *testing.T) {
	t.Parallel()
	for amount, want := range map[ledger.Won]string{
		0: "0 won", 999: "999 won", 1_000: "1,000 won", -1_234_567: "-1,234,567 won", 100_000: "100,000 won",
	} {
		if got := amount.String(); got != want {
			t.Errorf("%d: got %q, want %q", int64(amount), got, want)
		}
	}
}
