package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindsThePartsWhereDebianAndGooglePutThem(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, file := range []string{
		"postgresql/9/bin/initdb", "postgresql/9/bin/postgres",
		"postgresql/15/bin/initdb", "postgresql/15/bin/postgres",
		"postgresql/16/bin/psql", // a client without its server
		"bin/java",
		"sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar",
		"sdk/platform/pubsub-emulator/lib/cloud-pubsub-emulator-0.8.20-all.jar",
	} {
		install(t, filepath.Join(root, file))
	}
	got, err := emptyMachine(root).find()
	if err != nil {
		t.Fatalf("find: %v", err)
	}
	want := Parts{
		PostgresBin:  filepath.Join(root, "postgresql/15/bin"),
		Java:         filepath.Join(root, "bin/java"),
		FirestoreJar: filepath.Join(root, "sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"),
		PubSubJar:    filepath.Join(root, "sdk/platform/pubsub-emulator/lib/cloud-pubsub-emulator-0.8.20-all.jar"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

func TestFindsPostgresByPgConfigAndByPath(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"elsewhere", "bin"} {
		root := t.TempDir()
		install(t, filepath.Join(root, where, "initdb"))
		install(t, filepath.Join(root, where, "postgres"))
		machine := emptyMachine(root)
		machine.pgConfig = func() string { return filepath.Join(root, "elsewhere") }
		if got, want := machine.postgresBin(), filepath.Join(root, where); got != want {
			t.Errorf("Postgres found in %q, want %q", got, want)
		}
	}
}

func TestNamesExactlyWhatIsMissingAndHowToInstallIt(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	install(t, filepath.Join(root, "bin/java"))
	install(t, filepath.Join(root, "sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"))
	_, err := emptyMachine(root).find()
	var missing *MissingPartsError
	if !errors.As(err, &missing) {
		t.Fatalf("error = %v, want a *MissingPartsError", err)
	}
	if diff := cmp.Diff([]MissingPart{missingPostgres, missingPubSub}, missing.Parts); diff != "" {
		t.Errorf("missing parts (-want +got):\n%s", diff)
	}
	for _, want := range []string{
		"apt-get install -y postgresql google-cloud-cli-pubsub-emulator",
		"https://cloud.google.com/sdk/docs/install#deb",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	for _, present := range []string{"jre", "firestore"} {
		if strings.Contains(err.Error(), present) {
			t.Errorf("the error names %q, which is there:\n%v", present, err)
		}
	}
}

func TestAMachineWithoutGooglesRepositoryIsNotToldAboutItForPostgresAlone(t *testing.T) {
	t.Parallel()
	err := &MissingPartsError{Parts: []MissingPart{missingPostgres}}
	if strings.Contains(err.Error(), "google") {
		t.Errorf("the error sends to Google's repository for a Debian package:\n%v", err)
	}
}

// emptyMachine looks only below root.
func emptyMachine(root string) places {
	return places{
		path:          []string{filepath.Join(root, "bin")},
		postgresGlobs: []string{filepath.Join(root, "postgresql/*/bin")},
		pgConfig:      func() string { return "" },
		sdkRoots:      []string{filepath.Join(root, "nothing-here"), filepath.Join(root, "sdk")},
	}
}

func install(t *testing.T, file string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o755); err != nil {
		t.Fatal(err)
	}
}
