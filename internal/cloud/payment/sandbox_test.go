package payment_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/cloud/payment"
	"example.com/missionpot/internal/core/ledger"
)

func environment(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, set := values[name]
		return value, set
	}
}

func TestTheSandboxRefusesToStartOnGoogleCloud(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"K_SERVICE", "K_REVISION", "CLOUD_RUN_JOB", "CLOUD_RUN_WORKER_POOL", "GAE_SERVICE", "FUNCTION_NAME"} {
		cloud := environment(map[string]string{name: "missionpot", "FIRESTORE_EMULATOR_HOST": "h:1", "PUBSUB_EMULATOR_HOST": "h:2"})
		if _, err := payment.NewSandbox(false, cloud); !errors.Is(err, payment.ErrSandbox) {
			t.Errorf("with %s set it gave %v, want ErrSandbox", name, err)
		}
		if _, err := payment.NewSandbox(true, cloud); err != nil {
			t.Errorf("with %s set and allowed by name it gave %v", name, err)
		}
	}
}

func TestTheSandboxStartsOnAStandOfEmulatorsAndNowhereElse(t *testing.T) {
	t.Parallel()
	for _, more := range []map[string]string{{}, {"K_SERVICE": ""}, {"FUNCTION_TARGET": "HoldBets"}} {
		values := map[string]string{"FIRESTORE_EMULATOR_HOST": "h:1", "PUBSUB_EMULATOR_HOST": "h:2"}
		maps.Copy(values, more)
		if _, err := payment.NewSandbox(false, environment(values)); err != nil {
			t.Errorf("with %v it gave %v", values, err)
		}
	}
	for _, values := range []map[string]string{
		{}, {"FIRESTORE_EMULATOR_HOST": "h:1"}, {"PUBSUB_EMULATOR_HOST": "h:2"},
		{"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, {"FIRESTORE_EMULATOR_HOST": "", "PUBSUB_EMULATOR_HOST": "h:2"},
	} {
		if _, err := payment.NewSandbox(false, environment(values)); !errors.Is(err, payment.ErrSandbox) {
			t.Errorf("with %v it gave %v, want ErrSandbox", values, err)
		}
	}
}

func TestAMissingSettingNeverGivesTheSandbox(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "sandbo", "toss"} {
		if p, err := payment.Open(name, true, environment(nil)); err == nil {
			t.Errorf("the provider %q gave %v, want an error", name, p)
		}
	}
	if _, err := payment.Open("sandbox", true, environment(nil)); err != nil {
		t.Errorf("the sandbox, named and allowed, gave %v", err)
	}
}

func TestAChargeAndItsLookupAgree(t *testing.T) {
	t.Parallel()
	for amount, want := range map[ledger.Won]ledger.ChargeStatus{
		payment.DeclinedAmount: ledger.ChargeDeclined, 401: ledger.ChargeSucceeded, 10_000_000: ledger.ChargeSucceeded,
	} {
		c := ledger.Charge{ID: uuid.New(), Amount: amount}
		charged, err := payment.Sandbox{}.Charge(t.Context(), c)
		if err != nil || charged != want {
			t.Errorf("a charge of %v is %v, error %v; want %v", amount, charged, err, want)
		}
		looked, err := payment.Sandbox{}.Lookup(t.Context(), c)
		if err != nil || looked != want {
			t.Errorf("the lookup of %v says %v, error %v; want %v", amount, looked, err, want)
		}
	}
}
