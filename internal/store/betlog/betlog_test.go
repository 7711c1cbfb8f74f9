package betlog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/betlog"
)

func open(t *testing.T) (*betlog.Log, string) {
	t.Helper()
	project := standtest.Firestore(t)
	log, err := betlog.Open(t.Context(), project, firestore.DefaultDatabaseID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log, project
}

func bet(key string) ledger.LogEntry {
	return ledger.LogEntry{
		Bet: ledger.Bet{
			MissionID: uuid.Must(uuid.NewV7()), UserID: uuid.Must(uuid.NewV7()), Amount: 5000,
			Deadline: time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond),
		},
		Kind: ledger.BetEntry, IdempotencyKey: key, RequestHash: []byte("hash"),
	}
}

func mustAppend(t *testing.T, log *betlog.Log, e ledger.LogEntry) ledger.Bet {
	t.Helper()
	b, first, err := log.Append(t.Context(), e)
	if err != nil || !first {
		t.Fatalf("append: first %v, error %v", first, err)
	}
	return b
}

func TestAnEntryIsReadBackAsItWasLogged(t *testing.T) {
	t.Parallel()
	log, _ := open(t)
	for kind, stake := range map[ledger.EntryKind]bool{ledger.BetEntry: false, ledger.StakeEntry: true} {
		e := bet("key")
		e.Kind = kind
		logged := mustAppend(t, log, e)
		want := e.Bet
		want.ID, want.LoggedAt, want.Stake = logged.ID, logged.LoggedAt, stake
		if diff := cmp.Diff(want, logged); diff != "" {
			t.Errorf("%s: logged another bet (-want +got):\n%s", kind, diff)
		}
		found, ok, err := log.Lookup(t.Context(), e)
		if err != nil || !ok {
			t.Fatalf("%s: look the key up: found %v, error %v", kind, ok, err)
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("%s: found another bet (-want +got):\n%s", kind, diff)
		}
		byID, err := log.ByBetID(t.Context(), want.MissionID, want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, byID); diff != "" {
			t.Errorf("%s: another bet by its id (-want +got):\n%s", kind, diff)
		}
	}
}

func TestRule1TheSameKeyGivesTheFirstBetAgain(t *testing.T) {
	t.Parallel()
	log, _ := open(t)
	e := bet("key")
	if _, ok, err := log.Lookup(t.Context(), e); ok || err != nil {
		t.Fatalf("an unused key: found %v, error %v; want nothing", ok, err)
	}
	logged := mustAppend(t, log, e)
	again := e
	again.Bet.Amount = 9000 // the stored bet counts, whatever the caller sends
	got, first, err := log.Append(t.Context(), again)
	if err != nil || first {
		t.Fatalf("a known key: first %v, error %v; want the first bet", first, err)
	}
	if diff := cmp.Diff(logged, got); diff != "" {
		t.Errorf("a known key gives another bet (-first +second):\n%s", diff)
	}
	other := e
	other.RequestHash = []byte("other")
	if _, _, err := log.Append(t.Context(), other); !errors.Is(err, fault.IdempotencyReused) {
		t.Errorf("another request under the key: error %v, want %v", err, fault.IdempotencyReused)
	}
	if _, _, err := log.Lookup(t.Context(), other); !errors.Is(err, fault.IdempotencyReused) {
		t.Errorf("look another request up under the key: error %v, want %v", err, fault.IdempotencyReused)
	}
}

func TestRule2OneKeyFromFiftyAtOnceLogsOneBet(t *testing.T) {
	t.Parallel()
	log, _ := open(t)
	e := bet("key")
	var mu sync.Mutex
	ids, firsts := map[uuid.UUID]bool{}, 0
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			b, first, err := log.Append(t.Context(), e)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[b.ID] = true
			if first {
				firsts++
			}
		})
	}
	wg.Wait()
	if len(ids) != 1 || firsts != 1 {
		t.Errorf("50 requests with one key gave %d bets, %d of them as the first; want one", len(ids), firsts)
	}
}

func TestRule4TheTimeOfABetIsFirestoresAndNotTheCallers(t *testing.T) {
	t.Parallel()
	log, project := open(t)
	e := bet("key")
	e.Bet.LoggedAt = time.Now().Add(-24 * time.Hour)
	logged := mustAppend(t, log, e)
	client, err := firestore.NewClient(t.Context(), project)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	docs, err := client.CollectionGroup("bets").Documents(t.Context()).GetAll()
	if err != nil || len(docs) != 1 {
		t.Fatalf("%d documents, error %v; want one", len(docs), err)
	}
	if want := docs[0].CreateTime.UTC().Truncate(time.Microsecond); !logged.LoggedAt.Equal(want) {
		t.Errorf("logged at %s, want the document's creation time %s", logged.LoggedAt, want)
	}
}

func TestABetOfAnotherMissionIsNotFound(t *testing.T) {
	t.Parallel()
	log, _ := open(t)
	logged := mustAppend(t, log, bet("key"))
	for name, ids := range map[string][2]uuid.UUID{
		"another mission": {uuid.New(), logged.ID},
		"another bet":     {logged.MissionID, uuid.Must(uuid.NewV7())},
		"no bet's id":     {logged.MissionID, uuid.Nil},
	} {
		if _, err := log.ByBetID(t.Context(), ids[0], ids[1]); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s: error %v, want %v", name, err, fault.NotFound)
		}
	}
}

func TestRule16TheSweepReadsEveryEntryOnceAndInOrder(t *testing.T) {
	t.Parallel()
	log, _ := open(t)
	const total = 120
	logged := make([]ledger.Bet, total)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := worker; i < total; i += 8 {
				b, _, err := log.Append(t.Context(), bet(fmt.Sprint(i)))
				if err != nil {
					t.Error(err)
				}
				logged[i] = b
			}
		})
	}
	wg.Wait()
	swept := map[uuid.UUID]ledger.Bet{}
	for shard := range ledger.Shards {
		var mark ledger.Mark
		for {
			page, err := log.Since(t.Context(), shard, mark, time.Now().Add(time.Minute), 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range page {
				if !mark.LoggedAt.Before(l.Mark.LoggedAt) && (mark.LoggedAt != l.Mark.LoggedAt || mark.Entry >= l.Mark.Entry) {
					t.Errorf("shard %d: %v comes after %v", shard, l.Mark, mark)
				}
				if _, twice := swept[l.ID]; twice {
					t.Errorf("bet %s was read twice", l.ID)
				}
				swept[l.ID], mark = l.Bet, l.Mark
			}
			if len(page) < 3 {
				break
			}
		}
	}
	if len(swept) != total {
		t.Errorf("the sweep read %d bets, want %d", len(swept), total)
	}
	for _, b := range logged {
		if diff := cmp.Diff(b, swept[b.ID]); diff != "" {
			t.Errorf("the sweep read another bet (-logged +swept):\n%s", diff)
		}
	}
}

func TestRule16EntriesWithTheSameTimeAreNotPassedOver(t *testing.T) {
	t.Parallel()
	log, project := open(t)
	client, err := firestore.NewClient(t.Context(), project)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	// Firestore's clock gives ties only by chance, so these are written by hand.
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	const ties = 7
	for i := range ties {
		doc := client.Collection("missions").Doc(uuid.NewString()).Collection("bets").Doc(fmt.Sprintf("%064d", i))
		_, err := doc.Create(t.Context(), map[string]any{
			"bet_id": uuid.NewString(), "mission_id": doc.Parent.Parent.ID, "user_id": uuid.NewString(), "amount": 100,
			"kind": "bet", "request_hash": []byte("hash"), "deadline": at, "shard": 5, "placed_at": at,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	var mark ledger.Mark
	for range ties {
		page, err := log.Since(t.Context(), 5, mark, at.Add(time.Second), 1)
		if err != nil || len(page) != 1 {
			t.Fatalf("after %d of %d: %d entries, error %v; want one", len(seen), ties, len(page), err)
		}
		mark = page[0].Mark
		seen[mark.Entry] = true
	}
	if len(seen) != ties {
		t.Errorf("read %d different entries, want %d", len(seen), ties)
	}
	if page, err := log.Since(t.Context(), 5, mark, at.Add(time.Second), 1); err != nil || len(page) != 0 {
		t.Errorf("after the last: %d entries, error %v; want none", len(page), err)
	}
	if page, err := log.Since(t.Context(), 5, ledger.Mark{}, at, 10); err != nil || len(page) != 0 {
		t.Errorf("from before their time: %d entries, error %v; want none", len(page), err)
	}
	if _, err := log.Since(t.Context(), 5, ledger.Mark{Entry: "nowhere"}, at, 10); err == nil {
		t.Error("a mark that names no entry was taken, want an error")
	}
}

// flaky is a connection to the emulator with faults. It passes a commit on or
// not, and loses its answer.
type flaky struct {
	reaches bool // the commit is done before the answer is lost
	reads   bool // reads are answered
}

func (f flaky) intercept(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if bytes.HasSuffix([]byte(method), []byte("/Commit")) {
		if f.reaches {
			if err := invoke(ctx, method, req, reply, cc, opts...); err != nil {
				return err
			}
		}
		return status.Error(codes.DeadlineExceeded, "the answer got lost")
	}
	return invoke(ctx, method, req, reply, cc, opts...)
}

func (f flaky) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if !f.reads {
		return nil, status.Error(codes.PermissionDenied, "reads are cut off")
	}
	return streamer(ctx, desc, cc, method, opts...)
}

func (f flaky) open(t *testing.T, project string) *betlog.Log {
	t.Helper()
	admin := func(ctx context.Context) context.Context {
		return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer owner")
	}
	conn, err := grpc.NewClient("passthrough:///"+os.Getenv("FIRESTORE_EMULATOR_HOST"),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(func(ctx context.Context, m string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return f.intercept(admin(ctx), m, req, reply, cc, invoke, opts...)
		}),
		grpc.WithStreamInterceptor(func(ctx context.Context, d *grpc.StreamDesc, cc *grpc.ClientConn, m string, s grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return f.stream(admin(ctx), d, cc, m, s, opts...)
		}))
	if err != nil {
		t.Fatal(err)
	}
	client, err := firestore.NewClient(t.Context(), project, option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return betlog.New(client)
}

func TestRule1AnUnclearWriteIsSettledByARead(t *testing.T) {
	t.Parallel()
	log, project := open(t)

	lost := bet("the answer was lost")
	b, first, err := flaky{reaches: true, reads: true}.open(t, project).Append(t.Context(), lost)
	if err != nil || first {
		t.Fatalf("a write whose answer was lost: first %v, error %v; want it found, as by a retry", first, err)
	}
	if again, first, err := log.Append(t.Context(), lost); err != nil || first || again != b {
		t.Errorf("its retry: %v, first %v, error %v; want %v again", again, first, err, b)
	}

	never := bet("the write was lost")
	_, _, err = flaky{reads: true}.open(t, project).Append(t.Context(), never)
	if !errors.Is(err, fault.Unavailable) || fault.From(err).RetryAfter == 0 {
		t.Errorf("a write that was lost: error %v, want %v with a time to retry", err, fault.Unavailable)
	}
	mustAppend(t, log, never)

	unclear := bet("neither write nor read is answered")
	if _, _, err = (flaky{reaches: true}).open(t, project).Append(t.Context(), unclear); !errors.Is(err, fault.Unavailable) {
		t.Errorf("nothing is answered: error %v, want %v", err, fault.Unavailable)
	}
	if _, first, err := log.Append(t.Context(), unclear); err != nil || first {
		t.Errorf("the retry after it: first %v, error %v; want the bet that was logged", first, err)
	}
}

func TestRule1ACallerWhoseTimeIsUpStillLearnsWhatHappened(t *testing.T) {
	t.Parallel()
	log, _ := open(t)
	e := bet("key")
	logged := mustAppend(t, log, e)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	b, first, err := log.Append(over, e)
	if err != nil || first || b != logged {
		t.Errorf("got %v, first %v, error %v; want the bet that is there, %v", b, first, err, logged)
	}
}

// The log is lost, and its entries are restored from the ledger.
func TestARestoredEntryIsTheOneThatWasLost(t *testing.T) {
	t.Parallel()
	before, _ := open(t)
	after, _ := open(t)
	for kind, stake := range map[ledger.EntryKind]bool{ledger.BetEntry: false, ledger.StakeEntry: true} {
		e := bet("key")
		e.Kind = kind
		logged := mustAppend(t, before, e)
		for i, want := range []int{1, 0} {
			if n, err := after.Restore(t.Context(), []ledger.Bet{logged}); err != nil || n != want {
				t.Fatalf("%s: restore number %d wrote %d entries (%v), want %d", kind, i+1, n, err, want)
			}
		}
		again, first, err := after.Append(t.Context(), e)
		if err != nil || first || again != logged || again.Stake != stake {
			t.Errorf("%s: the retry gave %+v, first %v, error %v; want %+v", kind, again, first, err, logged)
		}
		other := e
		other.Bet.Amount++
		if _, _, err := after.Append(t.Context(), other); !errors.Is(err, fault.IdempotencyReused) {
			t.Errorf("%s: another amount under the key: error %v, want %v", kind, err, fault.IdempotencyReused)
		}
		page, err := after.Since(t.Context(), int(logged.ID[15])%ledger.Shards, ledger.Mark{}, logged.LoggedAt.Add(time.Microsecond), 10)
		if err != nil || len(page) != 1 || page[0].Bet != logged {
			t.Errorf("%s: the sweep reads %+v (%v), want the entry at its former time", kind, page, err)
		}
	}
}
