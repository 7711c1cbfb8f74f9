package config

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Google says which project's Firestore and Pub/Sub are used. The emulators'
// addresses, FIRESTORE_EMULATOR_HOST and PUBSUB_EMULATOR_HOST, are read by
// Google's client libraries themselves.
type Google struct {
	Project           string `env:"GOOGLE_CLOUD_PROJECT, required"`
	FirestoreDatabase string `env:"FIRESTORE_DATABASE, default=(default)"`
}

// Databases are the two Cloud SQL instances. Only the API and the check of the
// books read both.
type Databases struct {
	UsersDatabase
	MissionsDatabase
}

// UsersDatabase is the ledger's Postgres. Where the instance is named, it is
// reached by its name, and the host in the URL is of no account.
type UsersDatabase struct {
	UsersURL      Secret `env:"USERS_DATABASE_URL, required"`
	UsersInstance string `env:"USERS_INSTANCE"` // on Cloud SQL: PROJECT:REGION:NAME
}

// MissionsDatabase is the board's Postgres, reached as the users' is.
type MissionsDatabase struct {
	MissionsURL      Secret `env:"MISSIONS_DATABASE_URL, required"`
	MissionsInstance string `env:"MISSIONS_INSTANCE"`
}

// Board names the Firestore database of the live board where it is another than
// the bet log's: rights end at a database. Only the API uses both.
type Board struct {
	BoardDatabase string `env:"BOARD_DATABASE"`
}

// Letters names the Firestore database of the dead letters where it is another
// than FIRESTORE_DATABASE.
type Letters struct {
	LettersDatabase string `env:"LETTERS_DATABASE"`
}

// Log says what is logged: debug, info, warn or error and above.
type Log struct {
	Level slog.Level `env:"LOG_LEVEL, default=info"`
}

// Program is what every program is told.
type Program struct {
	Google
	Log
}

// HTTP is where the API listens and which part of it this service plays.
type HTTP struct {
	Host string `env:"HOST"` // all interfaces if empty, as Cloud Run needs it
	Port uint16 `env:"PORT, default=8080"`
	Role Role   `env:"API_ROLE, default=all"`
	// TrustedHops is how many addresses the platform appends to X-Forwarded-For,
	// the first of them the client's: 0 without a proxy, 1 on Cloud Run, 2 behind
	// the load balancer.
	TrustedHops int `env:"TRUSTED_HOPS, default=0"`
	// MaxCalls and MaxStreams are what one instance takes at once; the rest is
	// told to come back. A call needs about 50 KB, and up to 64 KiB for its body:
	// 1,000, the most that Cloud Run sends, fit in 256 MiB with room to spare.
	MaxCalls   int `env:"MAX_CALLS, default=1000"`
	MaxStreams int `env:"MAX_STREAMS, default=10000"`
	// ExitOnly refuses new cash while what is held still finds its way out.
	ExitOnly bool `env:"EXIT_ONLY"`
}

// Limits are how many calls one instance of the API takes in a minute; 0 is no
// limit. The defaults are far above what a person does, and an address may be a
// whole carrier's. A load test sends everything from one address: it raises or
// switches off the first.
type Limits struct {
	PerAddress int `env:"LIMIT_PER_ADDRESS, default=1200"`
	PerUser    int `env:"LIMIT_PER_USER, default=600"`
	SignUps    int `env:"LIMIT_SIGN_UPS, default=60"` // from one address
	// Hashes is how many sign-ins and sign-ups of one address are worked on at once.
	// Each takes a twentieth of a second.
	Hashes int `env:"LIMIT_HASHES, default=4"`
}

// Missions are how many missions one person makes: new ones within an hour, and
// open ones at once, for all streamers and for one; 0 is no limit. All instances
// count together, in the missions database.
type Missions struct {
	CreatorNew  int `env:"LIMIT_NEW_MISSIONS, default=30"`
	CreatorOpen int `env:"LIMIT_OPEN_MISSIONS, default=50"`
	PairOpen    int `env:"LIMIT_OPEN_MISSIONS_PER_STREAMER, default=5"`
}

// CORS names the web origins, such as https://app.example.com, whose scripts may
// call the API; none unless set. A comma stands between two.
type CORS struct {
	Origins []string `env:"CORS_ORIGINS"`
}

// Role is the part of the API that a service plays. Watchers are served by a
// service of their own, so that they never take a bet's place.
type Role string

// The roles.
const (
	RoleAll  Role = "all"  // everything, for one machine
	RoleAPI  Role = "api"  // calls, no event streams
	RoleLive Role = "live" // event streams
)

// UnmarshalText refuses a role that does not exist.
func (r *Role) UnmarshalText(text []byte) error {
	switch role := Role(text); role {
	case RoleAll, RoleAPI, RoleLive:
		*r = role
		return nil
	}
	return fmt.Errorf("%q is none of %s, %s, %s", text, RoleAll, RoleAPI, RoleLive)
}

// Tokens are the keys that sign access tokens, and what the tokens say about
// where they come from and whom they are for (RFC 7519: iss, aud).
type Tokens struct {
	Keys     Secret `env:"TOKEN_KEYS"`      // JSON Web Key Set with private keys, RFC 7517
	KeysFile string `env:"TOKEN_KEYS_FILE"` // or a file that holds it
	Issuer   string `env:"TOKEN_ISSUER, default=missionpot"`
	Audience string `env:"TOKEN_AUDIENCE, default=missionpot"`
}

// KeySet returns the key set, read from the file where a file is named. It is
// an error to name none, or both.
func (t Tokens) KeySet() (Secret, error) {
	return oneOf("TOKEN_KEYS", t.Keys, t.KeysFile)
}

// Payments says who takes the cash of a charge; nobody does unless it is set. The
// sandbox invents cash, so anywhere but on a stand of emulators it must be allowed
// expressly.
type Payments struct {
	Provider       string `env:"PAYMENT_PROVIDER"`
	SandboxAllowed bool   `env:"SANDBOX_PAYMENTS_ALLOWED"`
}

// Mail is the way to SendGrid.
type Mail struct {
	APIKey     Secret `env:"SENDGRID_API_KEY"`
	APIKeyFile string `env:"SENDGRID_API_KEY_FILE"` // or a file that holds it
	Host       string `env:"SENDGRID_HOST, default=https://api.sendgrid.com"`
	From       string `env:"MAIL_FROM, required"` // RFC 5322 address, may carry a name
	// Pause is how long after a mail with results the same reader gets no other.
	// Results of that time go out together at its end.
	Pause time.Duration `env:"MAIL_PAUSE, default=15m"`
}

// Key returns the API key, read from the file where a file is named. It is an
// error to name none, or both.
func (m Mail) Key() (Secret, error) {
	return oneOf("SENDGRID_API_KEY", m.APIKey, m.APIKeyFile)
}

// Sweep says how old a log entry must be before sweepbets asks for its
// outcome. Younger ones are still on their ordinary way.
type Sweep struct {
	Age time.Duration `env:"SWEEP_AGE, default=60s"`
}

// Check says how often the books are checked, and what the check makes allowance
// for: internal/books has what the times mean.
type Check struct {
	Period time.Duration `env:"BOOKS_PERIOD, default=60s"` // 0: never
	Settle time.Duration `env:"BOOKS_SETTLE, default=2m"`
	Late   time.Duration `env:"BOOKS_LATE, default=15m"`
}

// Platform tells whether the program runs on Google Cloud, by the variables
// that the Cloud Run container contract sets for services, functions and jobs.
type Platform struct {
	Service           string `env:"K_SERVICE"`
	Job               string `env:"CLOUD_RUN_JOB"`
	FirestoreEmulator string `env:"FIRESTORE_EMULATOR_HOST"`
	PubSubEmulator    string `env:"PUBSUB_EMULATOR_HOST"`
}

// Local reports whether the program runs on a stand of emulators. Whatever is no such
// stand is taken for a deployment, on Google Cloud or anywhere else.
func (p Platform) Local() bool {
	return !p.OnGoogleCloud() && p.FirestoreEmulator != "" && p.PubSubEmulator != ""
}

// OnGoogleCloud reports whether this is a Cloud Run service, function or job.
func (p Platform) OnGoogleCloud() bool { return p.Service != "" || p.Job != "" }

// Push says whose pushes a function takes. With no audience the token must be
// made for the address that was called, as Pub/Sub makes it.
type Push struct {
	// Tokens is "required": the program checks the signature; "front-end": Cloud Run's
	// front end has checked it with IAM and may have removed it; or "off".
	Tokens   string `env:"PUSH_TOKENS, default=required"`
	Account  string `env:"PUSH_ACCOUNT"` // e-mail of the service account that pushes
	Audience string `env:"PUSH_AUDIENCE"`
}

const (
	pushTokensRequired = "required"
	// PushTokensFrontEnd takes a token whose signature Cloud Run's front end has
	// removed. It proves something only while IAM lets nobody but the push account
	// call the function and every call passes that front end.
	PushTokensFrontEnd = "front-end"
	// PushTokensOff takes pushes without a token, as the emulator sends them.
	PushTokensOff = "off"
)

// Check refuses settings by which anybody could push: no account, the check off
// anywhere but on a stand of emulators, and a front end that is relied on where there is
// none.
func (p Push) Check(on Platform) error {
	switch {
	case p.Tokens == PushTokensFrontEnd && !on.OnGoogleCloud():
		return errors.New("settings: PUSH_TOKENS: only Cloud Run has the front end that checks push tokens")
	case p.Tokens == PushTokensOff && !on.Local():
		return errors.New("settings: PUSH_TOKENS: the check of push tokens can be off on a stand of emulators only")
	case p.Tokens == PushTokensOff:
		return nil
	case p.Tokens != pushTokensRequired && p.Tokens != PushTokensFrontEnd:
		return fmt.Errorf("settings: PUSH_TOKENS: %q is none of required, front-end, off", p.Tokens)
	case p.Account == "":
		return errors.New("settings: PUSH_ACCOUNT is not set")
	}
	return nil
}
