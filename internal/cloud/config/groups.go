package config

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Google names the project whose Firestore and Pub/Sub are used. The emulators' addresses,
// FIRESTORE_EMULATOR_HOST and PUBSUB_EMULATOR_HOST, are read by Google's client libraries
// themselves.
type Google struct {
	Project           string `env:"GOOGLE_CLOUD_PROJECT, required"`
	FirestoreDatabase string `env:"FIRESTORE_DATABASE, default=(default)"`
	// The databases of the live board and the dead letters, if they are others: rights are given
	// per database. Only the API and the operator use more than one.
	BoardDatabase       string `env:"BOARD_DATABASE"`
	DeadLettersDatabase string `env:"DEAD_LETTERS_DATABASE"`
}

// Databases are the two Cloud SQL instances. Only the API and the check of the
// books read both.
type Databases struct {
	UsersDatabase
	MissionsDatabase
}

// UsersDatabase is the ledger's Postgres. If the instance is named, the program connects by that
// name and ignores the host in the URL.
type UsersDatabase struct {
	UsersURL      Secret `env:"USERS_DATABASE_URL, required"`
	UsersInstance string `env:"USERS_INSTANCE"` // on Cloud SQL: PROJECT:REGION:NAME
}

// MissionsDatabase is the missions' Postgres, with the same two settings.
type MissionsDatabase struct {
	MissionsURL      Secret `env:"MISSIONS_DATABASE_URL, required"`
	MissionsInstance string `env:"MISSIONS_INSTANCE"`
}

// Log is the lowest level that is logged: debug, info, warn or error.
type Log struct {
	Level slog.Level `env:"LOG_LEVEL, default=info"`
}

// Program is the settings of every program.
type Program struct {
	Google
	Log
}

// HTTP is where the API listens and which part of it this service serves.
type HTTP struct {
	Host string `env:"HOST"` // all interfaces if empty, as Cloud Run needs it
	Port uint16 `env:"PORT, default=8080"`
	Role Role   `env:"API_ROLE, default=all"`
	// TrustedHops is how many addresses the platform appends to X-Forwarded-For,
	// the first of them the client's: 0 without a proxy, 1 on Cloud Run, 2 behind
	// the load balancer.
	TrustedHops int `env:"TRUSTED_HOPS, default=0"`
	// MaxCalls and MaxStreams are how many one instance takes at once; it rejects the rest with
	// Retry-After. A call needs about 50 KB, and up to 64 KiB for its body: 1,000, the most that
	// Cloud Run sends, need well under 256 MiB.
	MaxCalls   int `env:"MAX_CALLS, default=1000"`
	MaxStreams int `env:"MAX_STREAMS, default=10000"`
	// ExitOnly refuses new cash; cash that is held is still paid out or refunded.
	ExitOnly bool `env:"EXIT_ONLY"`
}

// Limits are how many calls one instance of the API takes in a minute; 0 is no limit. The defaults
// are far above what a person does, because a whole carrier may share an address. A load test sends
// everything from one address: it raises or switches off the first limit.
type Limits struct {
	PerAddress int `env:"LIMIT_PER_ADDRESS, default=1200"`
	PerUser    int `env:"LIMIT_PER_USER, default=600"`
	SignUps    int `env:"LIMIT_SIGN_UPS, default=60"` // from one address
	// Hashes is how many sign-ins and sign-ups of one address are processed at once. Each takes a
	// twentieth of a second.
	Hashes int `env:"LIMIT_HASHES, default=4"`
}

// Missions are how many missions one person may create: new ones within an hour, and open ones at
// once, for all streamers and for one; 0 is no limit. All instances share one count, in the
// missions database.
type Missions struct {
	CreatorNew  int `env:"LIMIT_NEW_MISSIONS, default=30"`
	CreatorOpen int `env:"LIMIT_OPEN_MISSIONS, default=50"`
	PairOpen    int `env:"LIMIT_OPEN_MISSIONS_PER_STREAMER, default=5"`
}

// CORS names the web origins, such as https://app.example.com, whose scripts may call the API; none
// unless set. They are separated by commas. http://127.0.0.1:* and http://localhost:* name the pages
// of the API's own machine on any port; the API refuses them in a deployment.
type CORS struct {
	Origins []string `env:"CORS_ORIGINS"`
}

// Role is the part of the API that a service serves. Watchers have a service of their own, so that
// they never take a bet's place.
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

// Tokens are the keys that sign access tokens, and the tokens' issuer and audience (RFC 7519: iss,
// aud).
type Tokens struct {
	Keys     Secret `env:"TOKEN_KEYS"`      // JSON Web Key Set with private keys, RFC 7517
	KeysFile string `env:"TOKEN_KEYS_FILE"` // or a file that holds it
	Issuer   string `env:"TOKEN_ISSUER, default=missionpot"`
	Audience string `env:"TOKEN_AUDIENCE, default=missionpot"`
}

// KeySet returns the key set, read from the file if one is named. Setting neither or both is an
// error.
func (t Tokens) KeySet() (Secret, error) {
	return oneOf("TOKEN_KEYS", t.Keys, t.KeysFile)
}

// Payments names the provider that takes the cash of a charge; without it there are no charges. The
// sandbox invents cash, so anywhere but on a stand of emulators it must be allowed explicitly.
type Payments struct {
	Provider       string `env:"PAYMENT_PROVIDER"`
	SandboxAllowed bool   `env:"SANDBOX_PAYMENTS_ALLOWED"`
}

// Mail is the settings of SendGrid.
type Mail struct {
	APIKey     Secret `env:"SENDGRID_API_KEY"`
	APIKeyFile string `env:"SENDGRID_API_KEY_FILE"` // or a file that holds it
	Host       string `env:"SENDGRID_HOST, default=https://api.sendgrid.com"`
	From       string `env:"MAIL_FROM, required"` // RFC 5322 address, may carry a name
}

// MailPause is the least time between two mails with results to the same person. Results in that
// time are sent together at its end.
type MailPause struct {
	Pause time.Duration `env:"MAIL_PAUSE, default=15m"`
}

// Key returns the API key, read from the file if one is named. Setting neither or both is an error.
func (m Mail) Key() (Secret, error) {
	return oneOf("SENDGRID_API_KEY", m.APIKey, m.APIKeyFile)
}

// Sweep is how old a log entry must be before sweepbets checks its outcome. Younger entries are
// still being processed.
type Sweep struct {
	Age time.Duration `env:"SWEEP_AGE, default=60s"`
}

// Check is how often the books are checked, and the delays that the check allows; internal/core/reconcile
// explains the times.
type Check struct {
	Period time.Duration `env:"BOOKS_PERIOD, default=60s"` // 0: never
	Grace  time.Duration `env:"BOOKS_GRACE, default=2m"`
	Late   time.Duration `env:"BOOKS_LATE, default=15m"`
}

// Platform detects whether the program runs on Google Cloud, by the variables that the Cloud Run
// container contract sets for services, functions and jobs.
type Platform struct {
	Service           string `env:"K_SERVICE"`
	Job               string `env:"CLOUD_RUN_JOB"`
	FirestoreEmulator string `env:"FIRESTORE_EMULATOR_HOST"`
	PubSubEmulator    string `env:"PUBSUB_EMULATOR_HOST"`
}

// Local reports whether the program runs on a stand of emulators. Anything else counts as a
// deployment, on Google Cloud or elsewhere.
func (p Platform) Local() bool {
	return !p.OnGoogleCloud() && p.FirestoreEmulator != "" && p.PubSubEmulator != ""
}

// OnGoogleCloud reports whether this is a Cloud Run service, function or job.
func (p Platform) OnGoogleCloud() bool { return p.Service != "" || p.Job != "" }

// Push configures which pushes a function accepts. Without an audience the token must be made for
// the address that was called, as Pub/Sub makes it.
type Push struct {
	// Tokens is "required": the program checks the signature; "front-end": Cloud Run's
	// front end has checked it with IAM and may have removed it; or "off".
	Tokens   string `env:"PUSH_TOKENS, default=required"`
	Account  string `env:"PUSH_ACCOUNT"` // e-mail of the service account that pushes
	Audience string `env:"PUSH_AUDIENCE"`
}

const (
	pushTokensRequired = "required"
	// PushTokensFrontEnd accepts a token whose signature Cloud Run's front end has removed. Such a
	// token is a proof only while IAM lets nobody but the push account call the function, and every
	// call passes that front end.
	PushTokensFrontEnd = "front-end"
	// PushTokensOff accepts pushes without a token, as the emulator sends them.
	PushTokensOff = "off"
)

// Check refuses settings that would let anybody push: no account, the check off anywhere but on a
// stand of emulators, and trust in a front end where there is none.
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
