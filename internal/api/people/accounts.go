package people

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
)

type changeInput struct {
	Body struct {
		DisplayName       *string         `json:"display_name,omitempty" minLength:"1" maxLength:"40"`
		Streamer          *bool           `json:"streamer,omitempty" doc:"False: nobody can make new missions for you, and you are not in the list of streamers. True: they can."`
		Locale            *account.Locale `json:"locale,omitempty" enum:"ko,en"`
		AutoAccept        *bool           `json:"auto_accept,omitempty" doc:"True: missions for you start as soon as they are funded."`
		MinStake          *ledger.Won     `json:"min_stake,omitempty" minimum:"100" maximum:"1000000" doc:"The least that one stake or bet may be, in won."`
		MaxStake          *ledger.Won     `json:"max_stake,omitempty" minimum:"100" maximum:"1000000" doc:"The most that one stake or bet may be, in won."`
		AcceptanceSeconds *int64          `json:"acceptance_seconds,omitempty" minimum:"1" maximum:"604800" doc:"How long you have to accept a mission when auto_accept is false."`
	}
}

// Self is what people see of themselves.
type Self struct {
	ID                uuid.UUID      `json:"id"`
	Email             string         `json:"email" example:"mina@example.com"`
	DisplayName       string         `json:"display_name" example:"Mina"`
	Streamer          bool           `json:"streamer"`
	Locale            account.Locale `json:"locale" enum:"ko,en"`
	AutoAccept        bool           `json:"auto_accept"`
	MinStake          ledger.Won     `json:"min_stake" example:"100"`
	MaxStake          ledger.Won     `json:"max_stake" example:"1000000"`
	AcceptanceSeconds int64          `json:"acceptance_seconds" example:"86400"`
	CreatedAt         time.Time      `json:"created_at"`
	Cash              Cash           `json:"cash"`
}

// Cash is what a person has, in won.
type Cash struct {
	Available ledger.Won `json:"available" doc:"Yours to put on missions, in won." example:"45000"`
	Held      ledger.Won `json:"held" doc:"Yours in the pots of missions that are not settled, in won." example:"5000"`
}

// Profile is what anyone sees of a person.
type Profile struct {
	ID          uuid.UUID  `json:"id"`
	DisplayName string     `json:"display_name" example:"Mina"`
	Streamer    bool       `json:"streamer"`
	AutoAccept  bool       `json:"auto_accept" doc:"Missions for this streamer start as soon as they are funded."`
	MinStake    ledger.Won `json:"min_stake" doc:"The least that a stake or bet for this streamer may be, in won." example:"100"`
	MaxStake    ledger.Won `json:"max_stake" doc:"The most that a stake or bet for this streamer may be, in won." example:"1000000"`
	CreatedAt   time.Time  `json:"created_at"`
}

type selfAnswer struct{ Body Self }

type profileAnswer struct{ Body Profile }

type profilesAnswer struct{ Body edge.Listed[Profile] }

type byID struct {
	ID uuid.UUID `path:"id" doc:"The id of the account."`
}

type byIDs struct {
	IDs []edge.ID `query:"id,explode" required:"true" nullable:"false" minItems:"1" maxItems:"100" doc:"The ids of the accounts; repeat it for several."`
}

// profiles shows people, and lets them change their settings.
type profiles struct {
	accounts Profiles
	balances Balances
}

func (s *profiles) serve(e *edge.Edge) {
	edge.Serve(e, edge.Operation{
		ID: "get-me", Method: http.MethodGet, Path: "/v1/users/me", Tag: "Accounts", SignedIn: true,
		Summary: "Yourself and your cash", Refusals: []*fault.Kind{fault.NotFound},
		Description: "`held` is your own cash in the pots of missions that are not settled. It comes back to `available` unless the mission succeeds.",
	}, s.me)
	edge.Serve(e, edge.Operation{
		ID: "change-me", Method: http.MethodPatch, Path: "/v1/users/me", Tag: "Accounts", SignedIn: true,
		Summary: "Change your settings", Refusals: []*fault.Kind{fault.NotFound, fault.OperatorCash},
		Description: "What is left out stays as it is. A mission keeps the streamer's settings it was created under.\n\n" +
			"`streamer` may be switched on and off at any time. Once it is off, a new mission for you is refused with `404`, " +
			"just as for somebody who never was a streamer. Your open missions go on: they take bets, and you accept and judge them as before. " +
			"Your other settings are kept for when you switch it on again. " +
			"An operator can't switch it on, because a pot is cash: `403` with the code `operator_moves_no_cash`.",
	}, s.changeMe)
	edge.Serve(e, edge.Operation{
		ID: "get-user", Method: http.MethodGet, Path: "/v1/users/{id}", Tag: "Accounts",
		Description: "What everybody may know about a person. For somebody who left, the name is `(former user)`.",
		Summary:     "Somebody's public profile", Refusals: []*fault.Kind{fault.NotFound},
	}, s.profile)
	edge.Serve(e, edge.Operation{
		ID: "get-users", Method: http.MethodGet, Path: "/v1/users", Tag: "Accounts",
		Summary: "The public profiles of several people",
		Description: "For a page that shows many people: up to 100 profiles in one call, such as `/v1/users?id=…&id=…`. " +
			"The newest account comes first, whatever the order of the ids. An id that nobody has is left out, and one that is given twice is shown once. " +
			"All profiles come in one answer: `next_cursor` is always null.",
	}, s.several)
	edge.Serve(e, edge.Operation{
		ID: "list-streamers", Method: http.MethodGet, Path: "/v1/streamers", Tag: "Accounts",
		Summary: "Who missions can be made for", Description: "Newest first. People who have switched `streamer` off, or have left, are not listed.",
	}, s.streamers)
}

// stillHere is the caller. A token is good for minutes after its person has left.
func stillHere(ctx context.Context, users Users) (account.User, error) {
	user, err := users.UserByID(ctx, edge.Caller(ctx))
	if err == nil && user.Left {
		err = fault.NotFound.Because("You have left.")
	}
	return user, err
}

func (s *profiles) me(ctx context.Context, _ *struct{}) (*selfAnswer, error) {
	user, err := stillHere(ctx, s.accounts)
	if err != nil {
		return nil, err
	}
	return s.self(ctx, user)
}

func (s *profiles) changeMe(ctx context.Context, in *changeInput) (*selfAnswer, error) {
	b := in.Body
	change := account.Change{
		DisplayName: b.DisplayName, Streamer: b.Streamer, Locale: b.Locale, AutoAccept: b.AutoAccept, MinStake: b.MinStake, MaxStake: b.MaxStake,
	}
	if b.AcceptanceSeconds != nil {
		acceptance := time.Duration(*b.AcceptanceSeconds) * time.Second
		change.Acceptance = &acceptance
	}
	user, err := s.accounts.ChangeUser(ctx, edge.Caller(ctx), change)
	if err != nil {
		return nil, err
	}
	return s.self(ctx, user)
}

func (s *profiles) self(ctx context.Context, user account.User) (*selfAnswer, error) {
	cash, err := s.balances.Cash(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	return &selfAnswer{Body: showSelf(user, cash)}, nil
}

func (s *profiles) profile(ctx context.Context, in *byID) (*profileAnswer, error) {
	user, err := s.accounts.UserByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &profileAnswer{Body: showProfile(user)}, nil
}

func (s *profiles) several(ctx context.Context, in *byIDs) (*profilesAnswer, error) {
	users, err := s.accounts.UsersByID(ctx, edge.UUIDs(in.IDs))
	if err != nil {
		return nil, err
	}
	shown := make([]Profile, 0, len(users))
	for _, user := range users {
		shown = append(shown, showProfile(user))
	}
	return &profilesAnswer{Body: edge.Listed[Profile]{Items: shown}}, nil
}

func (s *profiles) streamers(ctx context.Context, in *edge.Page) (*profilesAnswer, error) {
	list := edge.ListOf("streamers")
	before, err := edge.After(*in, list, uuid.Max)
	if err != nil {
		return nil, err
	}
	users, err := s.accounts.Streamers(ctx, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	listed, err := edge.Paginate(*in, list, users, showProfile, func(u account.User) uuid.UUID { return u.ID })
	return &profilesAnswer{Body: listed}, err
}

func showSelf(u account.User, cash ledger.Cash) Self {
	return Self{
		ID: u.ID, Email: u.Email, DisplayName: u.DisplayName, Streamer: u.Streamer, Locale: u.Locale,
		AutoAccept: u.Terms.AutoAccept, MinStake: u.Terms.MinStake, MaxStake: u.Terms.MaxStake,
		AcceptanceSeconds: int64(u.Terms.Acceptance / time.Second), CreatedAt: u.CreatedAt.UTC(), Cash: Cash(cash),
	}
}

func showProfile(u account.User) Profile {
	return Profile{
		ID: u.ID, DisplayName: u.DisplayName, Streamer: u.Streamer, AutoAccept: u.Terms.AutoAccept,
		MinStake: u.Terms.MinStake, MaxStake: u.Terms.MaxStake, CreatedAt: u.CreatedAt.UTC(),
	}
}
