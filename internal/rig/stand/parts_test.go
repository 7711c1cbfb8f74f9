package stand

import (
	"errors"
	"os"
	"os/exec"
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

func TestNamesExactlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	install(t, filepath.Join(root, "bin/java"))
	install(t, filepath.Join(root, "sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"))
	_, err := emptyMachine(root).find()
	var missing *MissingPartsError
	if !errors.As(err, &missing) {
		t.Fatalf("error = %v, want a *MissingPartsError", err)
	}
	if diff := cmp.Diff([]string{postgresPrograms, pubSubEmulator}, missing.Parts); diff != "" {
		t.Errorf("missing parts (-want +got):\n%s", diff)
	}
	if !strings.Contains(err.Error(), "run/local/prepare") {
		t.Errorf("the error does not say how to install them:\n%v", err)
	}
}

// prepare looks before anything is built, so it can't ask this package.
func TestThePreparationLooksWhereTheProgramsLook(t *testing.T) {
	t.Parallel()
	const firestore, pubsub = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar", "platform/pubsub-emulator/lib/cloud-pubsub-emulator-1-all.jar"
	for name, files := range map[string][]string{
		"Debian":      {"usr/lib/postgresql/15/bin/initdb", "usr/lib/postgresql/15/bin/postgres", "bin/java", "usr/lib/google-cloud-sdk/" + firestore, "usr/lib/google-cloud-sdk/" + pubsub},
		"elsewhere":   {"usr/pgsql-16/bin/initdb", "usr/pgsql-16/bin/postgres", "bin/java", "opt/google-cloud-sdk/" + firestore, "home/google-cloud-sdk/" + pubsub},
		"by PATH":     {"bin/initdb", "bin/postgres", "bin/java", "snap/google-cloud-cli/current/" + firestore, "usr/share/google-cloud-sdk/" + pubsub},
		"by gcloud":   {"bin/initdb", "bin/postgres", "bin/java", "own/bin/gcloud", "own/" + firestore, "own/" + pubsub},
		"by Homebrew": {"opt/homebrew/opt/postgresql@16/bin/initdb", "opt/homebrew/opt/postgresql@16/bin/postgres", "bin/java", "usr/local/google-cloud-sdk/" + firestore, "usr/local/google-cloud-sdk/" + pubsub},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, without := range append([]string{"nothing"}, files...) {
				root := t.TempDir()
				for _, file := range files {
					if file != without {
						install(t, filepath.Join(root, file))
					}
				}
				compareWithPreparation(t, root, without)
			}
		})
	}
}

// compareWithPreparation fails unless prepare finds the machine below root complete
// exactly if this package does.
func compareWithPreparation(t *testing.T, root, without string) {
	t.Helper()
	path := []string{filepath.Join(root, "bin"), filepath.Join(root, "own/bin")}
	m := machine(root, filepath.Join(root, "home"), path)
	m.pgConfig = func() string { return "" }
	_, findErr := m.find()
	install(t, filepath.Join(root, "tools/id")) // an account that can install nothing
	for _, tool := range []string{"dirname", "grep", "head", "readlink"} {
		file, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(file, filepath.Join(root, "tools", tool)); err != nil {
			t.Fatal(err)
		}
	}
	const prepare = "../../../run/local/prepare"
	if _, err := os.Stat(prepare); err != nil { // so that go test runs again when it changes
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", prepare, "postgres", "java", "firestore", "pubsub")
	cmd.Env = []string{"PREPARE_ROOT=" + root, "HOME=" + filepath.Join(root, "home"), "XDG_CACHE_HOME=" + root,
		"PATH=" + strings.Join(append(path, filepath.Join(root, "tools")), ":")}
	said, err := cmd.CombinedOutput()
	if (err == nil) != (findErr == nil) {
		t.Errorf("without %s: prepare: %v, FindParts: %v\n%s", without, err, findErr, said)
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
