package stand

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Parts are the programs of the stand, by absolute path.
type Parts struct {
	PostgresBin  string // directory that holds initdb and postgres
	Java         string // the java launcher
	FirestoreJar string // Google's Firestore emulator
	PubSubJar    string // Google's Pub/Sub emulator
}

// The parts of the stand, for people.
const (
	postgresPrograms  = "the programs of a Postgres server (initdb, postgres)"
	javaRuntime       = "a Java runtime, which Google's emulators run on"
	firestoreEmulator = "Google's Firestore emulator"
	pubSubEmulator    = "Google's Pub/Sub emulator"
)

// MissingPartsError says which parts of the stand are absent.
type MissingPartsError struct{ Parts []string }

// Error lists every missing part and ends with the command that installs them.
func (e *MissingPartsError) Error() string {
	return "this machine lacks:\n  - " + strings.Join(e.Parts, "\n  - ") +
		"\n`run/local/prepare postgres java firestore pubsub` installs what is missing, or says how"
}

// FindParts looks for every part of the stand, in the same places as run/local/prepare.
// When some are absent the error is a *MissingPartsError that names each of them.
func FindParts() (Parts, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "/nonexistent"
	}
	return machine("", home, filepath.SplitList(os.Getenv("PATH"))).find()
}

// places is where to look, so that a test can point it at a directory of its own.
type places struct {
	path          []string // directories of PATH
	postgresGlobs []string // bin directories of installed Postgres versions
	pgConfig      func() string
	sdkRoots      []string // Google Cloud SDK installations
}

// machine is one whose root directory is top.
func machine(top, home string, path []string) places {
	return places{
		path:          path,
		postgresGlobs: []string{top + "/usr/lib/postgresql/*/bin", top + "/usr/pgsql-*/bin", top + "/opt/homebrew/opt/postgresql*/bin"},
		pgConfig:      pgConfigBinDir,
		sdkRoots:      sdkRoots(top, home, path),
	}
}

func (p places) find() (Parts, error) {
	parts := Parts{
		PostgresBin:  p.postgresBin(),
		Java:         lookIn(p.path, "java"),
		FirestoreJar: p.sdkFile("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"),
		PubSubJar:    p.sdkFile("platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"),
	}
	var missing []string
	for _, c := range []struct {
		found, part string
	}{
		{parts.PostgresBin, postgresPrograms},
		{parts.Java, javaRuntime},
		{parts.FirestoreJar, firestoreEmulator},
		{parts.PubSubJar, pubSubEmulator},
	} {
		if c.found == "" {
			missing = append(missing, c.part)
		}
	}
	if missing != nil {
		return Parts{}, &MissingPartsError{Parts: missing}
	}
	return parts, nil
}

// postgresBin prefers the newest packaged version: Debian keeps initdb off PATH.
func (p places) postgresBin() string {
	var candidates []string
	for _, glob := range p.postgresGlobs {
		found, err := filepath.Glob(glob)
		if err != nil {
			continue // only a malformed pattern errs, and ours are constants
		}
		slices.SortFunc(found, newestFirst)
		candidates = append(candidates, found...)
	}
	if dir := p.pgConfig(); dir != "" {
		candidates = append(candidates, dir)
	}
	candidates = append(candidates, p.path...)
	for _, dir := range candidates {
		if isProgram(filepath.Join(dir, "initdb")) && isProgram(filepath.Join(dir, "postgres")) {
			return dir
		}
	}
	return ""
}

// newestFirst orders version directories: a longer number is a newer one (9 < 15).
func newestFirst(a, b string) int {
	if len(a) != len(b) {
		return len(b) - len(a)
	}
	return strings.Compare(b, a)
}

func (p places) sdkFile(pattern string) string {
	for _, root := range p.sdkRoots {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err == nil && len(found) > 0 {
			return found[len(found)-1]
		}
	}
	return ""
}

// sdkRoots lists the places where Google's packages and installers put the SDK,
// beginning with the one that the gcloud on PATH belongs to.
func sdkRoots(top, home string, path []string) []string {
	var roots []string
	if gcloud := lookIn(path, "gcloud"); gcloud != "" {
		if real, err := filepath.EvalSymlinks(gcloud); err == nil {
			roots = append(roots, filepath.Dir(filepath.Dir(real)))
		}
	}
	return append(roots,
		top+"/usr/lib/google-cloud-sdk",
		top+"/usr/share/google-cloud-sdk",
		top+"/opt/google-cloud-sdk",
		top+"/usr/local/google-cloud-sdk",
		top+"/snap/google-cloud-cli/current",
		filepath.Join(home, "google-cloud-sdk"),
	)
}

func lookIn(path []string, name string) string {
	for _, dir := range path {
		if file := filepath.Join(dir, name); filepath.IsAbs(file) && isProgram(file) {
			return file
		}
	}
	return ""
}

func isProgram(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

func pgConfigBinDir() string {
	out, err := exec.Command("pg_config", "--bindir").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
