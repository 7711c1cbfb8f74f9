package stand

// EnvTestDir is the environment variable that names a directory for what test binaries
// share, such as the built programs. `local exec` removes it at its end.
const EnvTestDir = "MISSIONPOT_TEST_DIR"

// Environment variables by which tests find the servers that `local exec` started.
// The emulator ones are Google's own names, which its client libraries read.
const (
	EnvUsersDSN      = "MISSIONPOT_TEST_USERS_DSN"    // administrator's DSN of the users server
	EnvMissionsDSN   = "MISSIONPOT_TEST_MISSIONS_DSN" // administrator's DSN of the missions server
	EnvFirestoreHost = "FIRESTORE_EMULATOR_HOST"      // host:port
	EnvPubSubHost    = "PUBSUB_EMULATOR_HOST"         // host:port
)

// TestEnv is the environment that leads tests to these servers, as KEY=value.
func (s *Servers) TestEnv() []string {
	return append(s.EmulatorEnv(),
		EnvUsersDSN+"="+s.Users.DSN("postgres"),
		EnvMissionsDSN+"="+s.Missions.DSN("postgres"))
}

// EmulatorEnv is the environment that leads Google's client libraries to the
// emulators, as KEY=value.
func (s *Servers) EmulatorEnv() []string {
	return []string{
		EnvFirestoreHost + "=" + s.Firestore.Host(),
		EnvPubSubHost + "=" + s.PubSub.Host(),
	}
}
