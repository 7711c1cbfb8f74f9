package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/rig/client"
	"example.com/missionpot/internal/rig/mailbox"
	"example.com/missionpot/internal/rig/stand"
)

// patience is how long the play waits for what it expects; all of it takes a second
// or two on an idle machine.
const patience = time.Minute

// cast are the people of the play: two viewers and the streamer.
type cast struct {
	mina, jun, haneul *client.Person
}

func (c cast) all() []*client.Person { return []*client.Person{c.mina, c.jun, c.haneul} }

// account, pot and statement are the parts of the API's answers that the play prints.
type account struct {
	Cash struct {
		Available int64 `json:"available"` // won
		Held      int64 `json:"held"`      // won
	} `json:"cash"`
}

type pot struct {
	ID           string `json:"id"`
	Status       string `json:"status"`
	Reward       int64  `json:"reward"` // won
	Contributors int    `json:"contributors"`
	SettledAt    string `json:"settled_at"`
}

type statement struct {
	Items []struct {
		Kind         string `json:"kind"`
		Amount       int64  `json:"amount"` // won, signed
		BalanceAfter int64  `json:"balance_after"`
	} `json:"items"`
}

// play runs one mission from sign-up to e-mail through the API, and prints each step.
func play(ctx context.Context, t *terminal, system *stand.System) error {
	ctx, cancel := context.WithTimeout(ctx, 3*patience)
	defer cancel()
	t.heading("One mission, from sign-up to e-mail")
	people, err := signUp(ctx, t, system.API.URL())
	if err != nil {
		return err
	}
	if err := charge(ctx, t, people); err != nil {
		return err
	}
	mission, err := propose(ctx, t, people)
	if err != nil {
		return err
	}
	if err := addToPot(ctx, t, people, mission); err != nil {
		return err
	}
	if err := succeed(ctx, t, people, mission); err != nil {
		return err
	}
	if err := tellStatements(ctx, t, people, system.UsersDSN()); err != nil {
		return err
	}
	return tellMail(ctx, t, people, system.Mailbox)
}

func signUp(ctx context.Context, t *terminal, api string) (cast, error) {
	t.step(1, "Mina, Jun and the streamer Haneul sign up and log in.")
	var people cast
	for _, p := range []struct {
		person   **client.Person
		name     string
		streamer bool
	}{{&people.mina, "Mina", false}, {&people.jun, "Jun", false}, {&people.haneul, "Haneul", true}} {
		var err error
		email := strings.ToLower(p.name) + "@missionpot.example"
		if *p.person, err = client.SignUp(ctx, api, p.name, email, p.streamer); err != nil {
			return cast{}, err
		}
	}
	return people, tellCash(ctx, t, people)
}

func charge(ctx context.Context, t *terminal, people cast) error {
	t.step(2, "Mina charges 10,000 won and Jun 5,000 won.")
	for _, c := range []struct {
		by     *client.Person
		amount int64
	}{{people.mina, 10_000}, {people.jun, 5_000}} {
		body := map[string]any{"amount": c.amount}
		if err := c.by.PostOnce(ctx, "/v1/users/me/charges", uuid.NewString(), body, nil); err != nil {
			return err
		}
	}
	return tellCash(ctx, t, people)
}

func propose(ctx context.Context, t *terminal, people cast) (mission string, err error) {
	t.step(3, `Mina puts 3,000 won on "Finish the boss without a hit" for Haneul.`)
	body := map[string]any{
		"streamer_id": people.haneul.ID, "title": "Finish the boss without a hit",
		"description": "No hit, no potion, one try.", "stake": 3_000, "time_limit_seconds": 3600,
	}
	var created pot
	if err := people.mina.PostOnce(ctx, "/v1/missions", uuid.NewString(), body, &created); err != nil {
		return "", err
	}
	err = waitForPot(ctx, t, people, created.ID, "an active pot of 3,000 won", func(p pot) bool {
		return p.Status == "active" && p.Reward == 3_000
	})
	return created.ID, err
}

func addToPot(ctx context.Context, t *terminal, people cast, mission string) error {
	t.step(4, "Jun adds 2,000 won to the pot.")
	body := map[string]any{"amount": 2_000}
	if err := people.jun.PostOnce(ctx, "/v1/missions/"+mission+"/bets", uuid.NewString(), body, nil); err != nil {
		return err
	}
	return waitForPot(ctx, t, people, mission, "a pot of 5,000 won", func(p pot) bool {
		return p.Reward == 5_000 && p.Contributors == 2
	})
}

func succeed(ctx context.Context, t *terminal, people cast, mission string) error {
	t.step(5, "Haneul does it, and says so: the pot is paid.")
	if err := people.haneul.Post(ctx, "/v1/missions/"+mission+"/success", nil, nil); err != nil {
		return err
	}
	return waitForPot(ctx, t, people, mission, "the settlement", func(p pot) bool { return p.SettledAt != "" })
}

// waitForPot waits until the mission is as wanted and prints it, with everybody's cash.
func waitForPot(ctx context.Context, t *terminal, people cast, mission, what string, wanted func(pot) bool) error {
	var seen pot
	err := poll(ctx, what, func() (bool, error) {
		seen = pot{}
		err := people.mina.Get(ctx, "/v1/missions/"+mission, &seen)
		return wanted(seen), err
	})
	if err != nil {
		return fmt.Errorf("%w; last seen: %+v", err, seen)
	}
	t.fact("mission", seen.Status)
	t.fact("pot", fmt.Sprintf("%s won from %d", won(seen.Reward), seen.Contributors))
	return tellCash(ctx, t, people)
}

func tellCash(ctx context.Context, t *terminal, people cast) error {
	var parts []string
	for _, p := range people.all() {
		var a account
		if err := p.Get(ctx, "/v1/users/me", &a); err != nil {
			return err
		}
		text := p.Name + " " + won(a.Cash.Available)
		if a.Cash.Held > 0 {
			text += " (+" + won(a.Cash.Held) + " held)"
		}
		parts = append(parts, text)
	}
	t.fact("cash", strings.Join(parts, " · ")+" won")
	return nil
}

func tellStatements(ctx context.Context, t *terminal, people cast, usersDSN string) error {
	t.step(6, "The ledger says:")
	for _, p := range people.all() {
		var s statement
		if err := p.Get(ctx, "/v1/users/me/transactions", &s); err != nil {
			return err
		}
		for _, item := range slices.Backward(s.Items) { // the newest comes first
			t.fact(p.Name, fmt.Sprintf("%-8s %8s   balance %6s won", item.Kind, signed(item.Amount), won(item.BalanceAfter)))
		}
	}
	return tellBooks(ctx, t, usersDSN)
}

// tellBooks looks into the users database itself, as a bookkeeper would: what people
// charged is in wallets and escrows, to the last won.
func tellBooks(ctx context.Context, t *terminal, usersDSN string) (err error) {
	const sql = `
		SELECT (SELECT coalesce(sum(cash), 0) FROM wallets)::bigint,
		       (SELECT coalesce(sum(inflow - outflow), 0) FROM escrows)::bigint,
		       (SELECT coalesce(sum(amount), 0) FROM ledger WHERE kind = 'charge')::bigint`
	conn, err := pgx.Connect(ctx, usersDSN)
	if err != nil {
		return fmt.Errorf("open the books: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var wallets, escrows, charged int64 // won
	if err := conn.QueryRow(ctx, sql).Scan(&wallets, &escrows, &charged); err != nil {
		return fmt.Errorf("read the books: %w", err)
	}
	t.fact("books", fmt.Sprintf("wallets %s + escrows %s = charged %s won", won(wallets), won(escrows), won(charged)))
	if wallets+escrows != charged {
		return errors.New("the books don't balance")
	}
	return nil
}

func tellMail(ctx context.Context, t *terminal, people cast, box *mailbox.Box) error {
	t.step(7, "Everybody gets an e-mail with the result:")
	for _, p := range people.all() {
		var mails []mailbox.Mail
		err := poll(ctx, "an e-mail to "+p.Name, func() (bool, error) {
			mails, _ = box.Messages(p.Email)
			return len(mails) > 0, nil
		})
		if err != nil {
			return err
		}
		t.fact(p.Name, mails[0].Subject)
	}
	return nil
}

// poll asks until the answer is yes, at most for as long as patience lasts.
func poll(ctx context.Context, what string, done func() (bool, error)) error {
	deadline := time.After(patience)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := done()
		if err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return fmt.Errorf("waited %v in vain for %s", patience, what)
		case <-tick.C:
		}
	}
}

func signed(amount int64) string {
	if amount > 0 {
		return "+" + won(amount)
	}
	return won(amount)
}

// won writes an amount with its thousands apart.
func won(amount int64) string {
	if amount < 0 {
		return "-" + won(-amount)
	}
	text := strconv.FormatInt(amount, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
