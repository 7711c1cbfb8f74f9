package totp_test

import (
	"net/url"
	"testing"
	"time"

	"example.com/missionpot/internal/auth/totp"
	"example.com/missionpot/internal/core/account"
)

// The secret and the codes of RFC 6238, appendix B, for SHA-1; of its eight digits the
// last six.
var rfc = totp.Secret("12345678901234567890")

var rfcCodes = map[int64]string{
	59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
}

func TestTheCodesAreThoseOfTheRFC(t *testing.T) {
	t.Parallel()
	for at, want := range rfcCodes {
		moment := time.Unix(at, 0)
		if got, err := rfc.Code(totp.Step(moment)); err != nil || got != want {
			t.Errorf("at %d the code is %q, error %v; want %q", at, got, err, want)
		}
		if step, ok := rfc.Match(want, moment, 0); !ok || step != totp.Step(moment) {
			t.Errorf("at %d the code %s is of step %d, %v; want %d", at, want, step, ok, totp.Step(moment))
		}
	}
}

func TestACodeIsValidInItsStepAndTheStepsNextToIt(t *testing.T) {
	t.Parallel()
	const code, made = "081804", 1111111109
	for off, want := range map[time.Duration]bool{
		-60 * time.Second: false, -30 * time.Second: true, 0: true, 30 * time.Second: true, 60 * time.Second: false,
	} {
		if _, ok := rfc.Match(code, time.Unix(made, 0).Add(off), 0); ok != want {
			t.Errorf("with a clock that is off by %v the code is valid: %v, want %v", off, ok, want)
		}
	}
}

func TestAUsedOrOlderCodeIsRefused(t *testing.T) {
	t.Parallel()
	at := time.Unix(1111111109, 0)
	step, ok := rfc.Match("081804", at, totp.Step(at)-1)
	if !ok {
		t.Fatal("the next code is not accepted")
	}
	if _, ok := rfc.Match("081804", at, step); ok {
		t.Error("the code is accepted a second time")
	}
	older, err := rfc.Code(step - 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := rfc.Match(older, at, step); ok {
		t.Error("an older code is accepted after a newer one")
	}
}

func TestAMalformedCodeIsRefused(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"", "81804", "0081804", "08180４", "08180a", "000000"} {
		if _, ok := rfc.Match(code, time.Unix(1111111109, 0), 0); ok {
			t.Errorf("%q is accepted", code)
		}
	}
}

func TestAnAppReadsTheSecretFromTheURI(t *testing.T) {
	t.Parallel()
	secret := totp.NewSecret()
	uri, err := url.Parse(secret.URI("Mission pot", "mina+1@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if uri.Scheme != "otpauth" || uri.Host != "totp" || uri.Path != "/Mission pot:mina+1@example.com" {
		t.Errorf("the URI is %s", uri)
	}
	query := uri.Query()
	if query.Get("secret") != secret.Text() || query.Get("issuer") != "Mission pot" || query.Get("digits") != "6" || query.Get("period") != "30" {
		t.Errorf("the URI's query is %v", query)
	}
}

func TestRecoveryCodesDifferAndIgnoreCaseAndSpace(t *testing.T) {
	t.Parallel()
	seen := map[account.Code]bool{}
	for _, code := range totp.NewRecoveryCodes() {
		seen[code] = true
	}
	if len(seen) != 10 {
		t.Errorf("%d different recovery codes, want 10", len(seen))
	}
	if string(account.Code(" abcd\n").Hash()) != string(account.Code("ABCD").Hash()) {
		t.Error("lower case and space make another code")
	}
}

// Apps show a code as two groups, and people type the secret that they can't scan.
func TestWhatAPersonTypesIsRead(t *testing.T) {
	t.Parallel()
	secret, err := totp.SecretOf(rfc.Text())
	if err != nil || string(secret) != string(rfc) {
		t.Errorf("the typed secret is %q, error %v", secret, err)
	}
	if _, err := totp.SecretOf("not base 32!"); err == nil {
		t.Error("a secret that is none was read")
	}
	try := totp.Try(" 081 804\n")
	if _, ok := try.Match(secret, time.Unix(1111111109, 0), 0); !ok {
		t.Error("a code in two groups is not the code")
	}
	if len(try.RecoveryHash) == 0 {
		t.Error("a code is not tried as a recovery code")
	}
	if none := totp.Try(" "); none.Match != nil || none.RecoveryHash != nil {
		t.Errorf("nothing was typed, and %+v is tried", none)
	}
}
