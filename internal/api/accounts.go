package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/ledger"
)

type signUpInput struct {
	Body struct {
		Email       string         `json:"email" maxLength:"320" doc:"Kept trimmed and in lower case." example:"mina@example.com"`
		Password    string         `json:"password" minLength:"15" maxLength:"128" doc:"15 to 128 characters of any kind; none of the common ones, nor your own name or address." example:"correct horse battery"`
		DisplayName string         `json:"display_name" minLength:"1" maxLength:"40" example:"Mina"`
		Streamer    bool           `json:"streamer,omitempty" doc:"True to be given missions."`
		Locale      account.Locale `json:"locale,omitempty" enum:"ko,en" default:"ko" doc:"The language of e-mails."`
	}
}

type changeInput struct {
	Body struct {
		DisplayName       *string         `json:"display_name,omitempty" minLength:"1" maxLength:"40"`
		Locale            *account.Locale `json:"locale,omitempty" enum:"ko,en"`
		AutoAccept        *bool           `json:"auto_accept,omitempty" doc:"True: missions for you start as soon as they are funded."`
		MinStake          *ledger.Won     `json:"min_stake,omitempty" minimum:"100" maximum:"1000000" doc:"The least that one stake or bet may be, in won."`
		MaxStake          *ledger.Won     `json:"max_stake,omitempty" minimum:"100" maximum:"1000000" doc:"The most that one stake or bet may be, in won."`
		AcceptanceSeconds *int64          `json:"acceptance_seconds,omitempty" minimum:"1" maximum:"604800" doc:"How long you have to accept a mission when auto_accept is false."`
	}
}

type leaveInput struct {
	Body struct {
		Current string `json:"current_password" maxLength:"1024" example:"correct horse battery"`
		Code    string `json:"code,omitempty" maxLength:"64" doc:"What the app of your second factor shows, or a recovery code; if you have one."`
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

type createdSelfAnswer struct {
	Location string `header:"Location"`
	Body     Self
}

type profileAnswer struct{ Body Profile }

type profilesAnswer struct{ Body Listed[Profile] }

type byID struct {
	ID uuid.UUID `path:"id" doc:"The id of the account."`
}

func (s *server) serveAccounts() {
	serve(s, operation{
		id: "sign-up", method: http.MethodPost, path: "/v1/users", tag: "Accounts", status: http.StatusCreated,
		guard: s.limitSignUps, summary: "Sign up", refusals: []*fault.Kind{fault.EmailTaken},
		description: "Makes an account with an empty wallet. Sign in with it next.",
	}, s.signUp)
	serve(s, operation{
		id: "get-me", method: http.MethodGet, path: "/v1/users/me", tag: "Accounts", signedIn: true,
		summary: "Yourself and your cash", refusals: []*fault.Kind{fault.NotFound},
		description: "`held` is your own cash in the pots of missions that are not settled. It comes back to `available` unless the mission succeeds.",
	}, s.me)
	serve(s, operation{
		id: "change-me", method: http.MethodPatch, path: "/v1/users/me", tag: "Accounts", signedIn: true,
		summary: "Change your settings", refusals: []*fault.Kind{fault.NotFound},
		description: "What is left out stays as it is. A mission keeps the streamer's settings it was created under.",
	}, s.changeMe)
	serve(s, operation{
		id: "leave", method: http.MethodDelete, path: "/v1/users/me", tag: "Accounts", signedIn: true, status: http.StatusNoContent,
		summary: "Delete your account", refusals: []*fault.Kind{fault.AccountInUse, fault.BadCredentials, fault.SecondFactorRequired, fault.NotFound},
		description: "Your address, name, password and sign-ins are deleted at once and for good; the address may sign up anew. " +
			"What you put on missions stays in the books under an id, and others see it as a former user's. " +
			"409 while something is not settled: cash in your wallet or in a pot, a charge, or a mission that you made or are the streamer of. " +
			"A rest that is smaller than the smallest bet can be put on a mission after another charge. " +
			"It takes the password, and a code if you have a second factor; all access tokens end.",
	}, s.leave)
	serve(s, operation{
		id: "get-user", method: http.MethodGet, path: "/v1/users/{id}", tag: "Accounts",
		description: "What everybody may know about a person. For somebody who left, the name is `(former user)`.",
		summary:     "Somebody's public profile", refusals: []*fault.Kind{fault.NotFound},
	}, s.profile)
	serve(s, operation{
		id: "list-streamers", method: http.MethodGet, path: "/v1/streamers", tag: "Accounts",
		summary: "Who missions can be made for", description: "Newest first.",
	}, s.streamers)
}

func (s *server) signUp(ctx context.Context, in *signUpInput) (*createdSelfAnswer, error) {
	b := in.Body
	asked, err := account.SignUp{
		Email: b.Email, Password: b.Password, DisplayName: b.DisplayName, Streamer: b.Streamer, Locale: b.Locale,
	}.Normalised()
	if err != nil {
		return nil, err
	}
	hash, err := s.Passwords.Hash(ctx, asked.Password)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	user, err := s.Accounts.SignUp(ctx, account.User{
		ID: id, Email: asked.Email, DisplayName: asked.DisplayName, Streamer: asked.Streamer, Locale: asked.Locale,
		Terms: account.DefaultTerms(),
	}, hash)
	s.audit(ctx, "sign_up", user.ID, err)
	if err != nil {
		return nil, err
	}
	return &createdSelfAnswer{Location: "/v1/users/" + id.String(), Body: showSelf(user, ledger.Cash{})}, nil
}

// stillHere is the caller. A token is good for minutes after its person has left.
func (s *server) stillHere(ctx context.Context) (account.User, error) {
	user, err := s.Accounts.UserByID(ctx, caller(ctx))
	if err == nil && user.Left {
		err = fault.NotFound.Because("You have left.")
	}
	return user, err
}

func (s *server) me(ctx context.Context, _ *struct{}) (*selfAnswer, error) {
	user, err := s.stillHere(ctx)
	if err != nil {
		return nil, err
	}
	return s.self(ctx, user)
}

func (s *server) leave(ctx context.Context, in *leaveInput) (*struct{}, error) {
	err := s.proveAndLeave(ctx, in)
	s.audit(ctx, "leave", caller(ctx), err)
	return nil, err
}

// proveAndLeave asks for the password: a token that was taken must not be enough.
func (s *server) proveAndLeave(ctx context.Context, in *leaveInput) error {
	user, err := s.stillHere(ctx)
	if err != nil {
		return err
	}
	if _, _, err := s.checkPassword(ctx, user.Email, in.Body.Current, s.takesFactor(in.Body.Code)); err != nil {
		return err
	}
	return s.leaveMissions(ctx, user.ID)
}

// leaveMissions marks the leaving before it looks for missions, and a mission is there
// before it is looked for the mark (streamerStays). Both commit first and read then, so
// of a leaving and a mission at the same moment at least one sees the other.
func (s *server) leaveMissions(ctx context.Context, user uuid.UUID) error {
	if err := s.Accounts.BeginLeaving(ctx, user); err != nil {
		return err
	}
	open, err := s.Missions.HasUnsettled(ctx, user)
	if err == nil && open {
		err = fault.AccountInUse.Because("A mission that you made or are the streamer of is not settled.")
	}
	if err == nil {
		err = s.Accounts.Leave(ctx, user)
	}
	if err == nil {
		return nil
	}
	ctx, cancel := afterCommit(ctx)
	defer cancel()
	return errors.Join(err, s.Accounts.CancelLeaving(ctx, user))
}

func (s *server) changeMe(ctx context.Context, in *changeInput) (*selfAnswer, error) {
	b := in.Body
	change := account.Change{
		DisplayName: b.DisplayName, Locale: b.Locale, AutoAccept: b.AutoAccept, MinStake: b.MinStake, MaxStake: b.MaxStake,
	}
	if b.AcceptanceSeconds != nil {
		acceptance := time.Duration(*b.AcceptanceSeconds) * time.Second
		change.Acceptance = &acceptance
	}
	user, err := s.Accounts.ChangeUser(ctx, caller(ctx), change)
	if err != nil {
		return nil, err
	}
	return s.self(ctx, user)
}

func (s *server) self(ctx context.Context, user account.User) (*selfAnswer, error) {
	cash, err := s.Books.Cash(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	return &selfAnswer{Body: showSelf(user, cash)}, nil
}

func (s *server) profile(ctx context.Context, in *byID) (*profileAnswer, error) {
	user, err := s.Accounts.UserByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &profileAnswer{Body: showProfile(user)}, nil
}

func (s *server) streamers(ctx context.Context, in *Page) (*profilesAnswer, error) {
	list := listOf("streamers")
	before, err := after(*in, list, uuid.Max)
	if err != nil {
		return nil, err
	}
	users, err := s.Accounts.Streamers(ctx, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	listed, err := page(*in, list, users, showProfile, func(u account.User) uuid.UUID { return u.ID })
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
