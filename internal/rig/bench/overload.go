package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// overloadTimes is how many times its capacity is offered to the system.
	overloadTimes = 5
	// overloadClients is more than the calls that an instance takes at once.
	overloadClients = 3000
	// settleTime bounds the wait for the outcomes of what was accepted.
	settleTime = 3 * time.Minute
	// slowClients is how many clients send a head, or a body, and never end it.
	slowClients = 1000
)

// overload sends the API more than it can do. It checks that the API rejects the rest with
// Retry-After, stays small, and loses no bet that it accepted. It is not part of the usual run,
// because its rows are not about speed.
func overload() Experiment {
	const capacity, given, accepted, answered, finished, memory = "capacity", "given", "accepted", "answered", "finished", "memory"
	const heads, bodies, huge, drain, kept = "slow heads", "endless bodies", "huge heads", "drain", "kept"
	return Experiment{
		Name: "overload", Apart: true, Rounds: 1,
		Rows: []Row{
			{Name: "overload_offered", What: "bets offered, against what the API takes at its own pace: five times as many", Unit: "bets/s", Value: given, Baseline: []string{capacity}, Goal: Goal{AtLeast: 4.5}},
			{Name: "overload_accepted", What: "bets accepted meanwhile, against the same", Unit: "bets/s", Value: accepted, Baseline: []string{capacity}},
			{Name: "overload_told", What: "share of the offered bets that were answered 202, or 503 with Retry-After", Unit: "share", Value: answered, Goal: Goal{AtLeast: 1}},
			{Name: "overload_finished", What: "share of the accepted bets that got an outcome", Unit: "share", Value: finished, Goal: Goal{AtLeast: 1}},
			{Name: "overload_memory", What: "the API's resident memory at its highest", Unit: "MiB", Value: memory, Less: true, Goal: Goal{AtMost: 512}},
			{Name: "slow_heads", What: "until the last of 1,000 clients that never end their head is disconnected; other calls go on", Unit: "s", Value: heads, Less: true, Goal: Goal{AtMost: 7}},
			{Name: "endless_bodies", What: "until the last of 1,000 clients that never end their body is answered or disconnected", Unit: "s", Value: bodies, Less: true, Goal: Goal{AtMost: 17}},
			{Name: "huge_heads", What: "share of 1,000 heads of a megabyte that were refused", Unit: "share", Value: huge, Goal: Goal{AtLeast: 1}},
			{Name: "drain", What: "from SIGTERM under load to the end of the API", Unit: "s", Value: drain, Less: true, Goal: Goal{AtMost: 10}},
			{Name: "drain_kept", What: "share of the bets acknowledged up to the end that got an outcome", Unit: "share", Value: kept, Goal: Goal{AtLeast: 1}},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			s, err := startSystem(ctx, b, 2000, 8)
			if err != nil {
				return nil, err
			}
			pool, err := openPool(ctx, b, s.UsersDSN(), 1)
			if err != nil {
				return nil, err
			}
			f := &flood{system: s, ledger: pool, port: portOf(s.API.URL())}
			return []Subject{
				{Name: "five times the capacity", Measure: func(ctx context.Context) (Figures, error) {
					able, asked, share, err := f.surge(ctx, b.Scale.Steady)
					if err != nil {
						return nil, err
					}
					return Figures{
						capacity: able, given: float64(asked.all) / asked.took.Seconds(), accepted: float64(asked.accepted) / asked.took.Seconds(), memory: float64(asked.memory) / (1 << 20),
						answered: float64(asked.accepted+asked.putOff) / float64(asked.all), finished: share,
					}, nil
				}},
				{Name: "clients that never end", Measure: func(ctx context.Context) (Figures, error) {
					slow, err := f.never(ctx, "POST /v1/login HTTP/1.1\r\nHost: pot\r\nX-Slow: ", "a")
					if err != nil {
						return nil, err
					}
					endless, err := f.never(ctx, "POST /v1/login HTTP/1.1\r\nHost: pot\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n{\r\n")
					if err != nil {
						return nil, err
					}
					refused, err := f.hugeHeads(ctx)
					return Figures{heads: slow.Seconds(), bodies: endless.Seconds(), huge: refused}, err
				}},
				{Name: "SIGTERM under load", Measure: func(ctx context.Context) (Figures, error) {
					took, share, err := f.drained(ctx)
					return Figures{drain: took.Seconds(), kept: share}, err
				}},
			}, nil
		},
	}
}

func portOf(url string) int {
	port, _ := strconv.Atoi(url[strings.LastIndexByte(url, ':')+1:]) // lab made it, so it ends with a port
	return port
}

// flood sends bets at a pace of its own.
type flood struct {
	*system
	ledger *pgxpool.Pool
	port   int
}

// surge measures how many bets a second the API takes at its own pace, and offers several times
// that. It also returns the share of all accepted bets that got an outcome.
func (f *flood) surge(ctx context.Context, steady time.Duration) (perSecond float64, asked offered, finished float64, err error) {
	before, err := f.count(ctx)
	if err != nil {
		return 0, offered{}, 0, err
	}
	// Emulators are slow at first, so a cold measurement would understate the capacity.
	warm, err := f.offer(ctx, 64, 0, steady)
	if err != nil {
		return 0, offered{}, 0, err
	}
	able, err := f.offer(ctx, 64, 0, steady)
	if err != nil {
		return 0, offered{}, 0, err
	}
	perSecond = float64(able.accepted) / able.took.Seconds()
	if asked, err = f.offer(ctx, overloadClients, overloadTimes*perSecond, 6*steady); err != nil {
		return 0, offered{}, 0, err
	}
	finished, err = f.outcomes(ctx, before+warm.accepted+able.accepted+asked.accepted)
	return perSecond, asked, finished, err
}

// offered counts the results of the bets that were sent.
type offered struct {
	all, accepted, putOff int
	memory                int // bytes, the highest
	took                  time.Duration
}

// offer makes clients bet for a while, together so many times a second; 0 means as fast as each is
// answered.
func (f *flood) offer(ctx context.Context, clients int, perSecond float64, spell time.Duration) (offered, error) {
	var all, accepted, putOff atomic.Int64
	var memory int
	began := time.Now()
	ends := began.Add(spell)
	var group sync.WaitGroup
	for n := range clients {
		group.Go(func() {
			c := &client{port: f.port}
			defer c.close()
			for i := 0; time.Now().Before(ends) && ctx.Err() == nil; i++ {
				if perSecond > 0 {
					due := time.Duration((float64(i*clients+n) / perSecond) * float64(time.Second))
					if pause(ctx, time.Until(began.Add(due))) != nil || time.Now().After(ends) {
						return
					}
				}
				status, later := c.bet(f.missions[n%len(f.missions)], f.tokens[n%len(f.tokens)])
				all.Add(1)
				switch {
				case status == http.StatusAccepted:
					accepted.Add(1)
				case status == http.StatusServiceUnavailable && later:
					putOff.Add(1)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	for {
		used, err := usageOf(f.API.Process().PID())
		if err != nil {
			return offered{}, err
		}
		memory = max(memory, used.rss)
		select {
		case <-done:
			return offered{int(all.Load()), int(accepted.Load()), int(putOff.Load()), memory, time.Since(began)}, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// client bets over a connection that it keeps while it can.
type client struct {
	port int
	conn net.Conn
	in   *bufio.Reader
}

// bet returns the status of the answer, 0 for none, and whether it says when to retry.
func (c *client) bet(mission uuid.UUID, token string) (status int, later bool) {
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)), answerTime)
		if err != nil {
			return 0, false
		}
		c.conn, c.in = conn, bufio.NewReader(conn)
	}
	_ = c.conn.SetDeadline(time.Now().Add(answerTime)) // a closed connection fails the write below
	_, err := fmt.Fprintf(c.conn, "POST /v1/missions/%s/bets HTTP/1.1\r\nHost: pot\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", mission, token, uuid.NewString(), len(betBody), betBody)
	if err != nil {
		c.close()
		return 0, false
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.close()
		return 0, false
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if err != nil || answer.Close {
		c.close()
	}
	return answer.StatusCode, answer.Header.Get("Retry-After") != ""
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
	}
	c.conn = nil
}

func (f *flood) count(ctx context.Context) (n int, err error) {
	if err := f.ledger.QueryRow(ctx, `SELECT count(*) FROM ledger WHERE kind IN ('hold', 'decline')`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the outcomes: %w", err)
	}
	return n, nil
}

// outcomes waits until as many bets as were accepted have an outcome, and returns the share that
// has one.
func (f *flood) outcomes(ctx context.Context, accepted int) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for {
		now, err := f.count(context.WithoutCancel(ctx))
		if err != nil {
			return 0, err
		}
		if now >= accepted {
			return 1, nil
		}
		if pause(ctx, 200*time.Millisecond) != nil {
			return float64(now) / float64(accepted), nil
		}
	}
}

// never opens clients that start a request and continue it for ever, a little every half second. It
// returns when the server has disconnected the last one. Meanwhile another call must be answered.
func (f *flood) never(ctx context.Context, begin, more string) (time.Duration, error) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var group sync.WaitGroup
	for range slowClients {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(f.port)))
		if err != nil {
			return 0, fmt.Errorf("a slow client: %w", err)
		}
		group.Go(func() {
			defer conn.Close()
			gone := make(chan struct{})
			go func() { defer close(gone); _, _ = io.Copy(io.Discard, conn) }()
			for _, err := io.WriteString(conn, begin); err == nil; _, err = io.WriteString(conn, more) {
				select {
				case <-gone:
					return
				case <-ctx.Done():
					return
				case <-time.After(500 * time.Millisecond):
				}
			}
		})
	}
	if _, err := f.bet(ctx, 0, f.missions[0]); err != nil {
		return 0, fmt.Errorf("a call next to slow clients: %w", err)
	}
	group.Wait()
	return time.Since(began), ctx.Err()
}

// hugeHeads sends heads of a megabyte and returns the share that was refused.
func (f *flood) hugeHeads(ctx context.Context) (float64, error) {
	refused := 0
	line := []byte("X-Large: " + strings.Repeat("a", 1<<20) + "\r\n\r\n")
	for range slowClients {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(f.port)))
		if err != nil {
			return 0, fmt.Errorf("a huge head: %w", err)
		}
		_ = conn.SetDeadline(time.Now().Add(answerTime))
		_, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: pot\r\n")
		_, wrote := conn.Write(line) // cut off before its end, or answered
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil && answer.StatusCode == http.StatusRequestHeaderFieldsTooLarge || err != nil && wrote != nil {
			refused++
		}
		_ = conn.Close()
	}
	return float64(refused) / slowClients, ctx.Err()
}

// drained stops the API under load as Cloud Run does, and starts it again.
func (f *flood) drained(ctx context.Context) (took time.Duration, kept float64, err error) {
	before, err := f.count(ctx)
	if err != nil {
		return 0, 0, err
	}
	loaded, stop := context.WithCancel(ctx)
	defer stop()
	var accepted atomic.Int64
	var group sync.WaitGroup
	for n := range 256 {
		group.Go(func() {
			c := &client{port: f.port}
			defer c.close()
			for loaded.Err() == nil {
				status, _ := c.bet(f.missions[n%len(f.missions)], f.tokens[n%len(f.tokens)])
				if status == http.StatusAccepted {
					accepted.Add(1)
				} else if status == 0 {
					_ = pause(loaded, time.Millisecond) // the port is closed
				}
			}
		})
	}
	err = pause(ctx, 2*time.Second)
	began := time.Now()
	err = errors.Join(err, f.API.Stop(ctx))
	took = time.Since(began)
	stop()
	group.Wait()
	if err = errors.Join(err, f.API.Start(ctx)); err != nil {
		return 0, 0, err
	}
	kept, err = f.outcomes(ctx, before+int(accepted.Load()))
	return took, kept, err
}
