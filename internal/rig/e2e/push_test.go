package e2e_test

import (
	"fmt"
	"testing"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/rig/stand"
)

// Elsewhere the stand's pump delivers messages, because the emulator's own push has at most two
// requests in flight. Here Pub/Sub itself calls the functions, as on Google Cloud, dead letters
// included.
func TestAMissionWorksWithPubSubsOwnPushes(t *testing.T) {
	t.Parallel()
	var project string
	s := ownSystem(t, impatient, func(c *stand.SystemConfig) {
		port, err := stand.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		project, c.Ports.Functions = c.Project, port
		c.Topics.PushTo = func(function string) string { return fmt.Sprintf("http://127.0.0.1:%d/%s", port, function) }
	})
	sc := s.activeScene(t)
	// Only one: with more failing messages than it has in flight, this push stalls.
	if err := s.Bus().PublishRaw(t.Context(), event.Bets, []byte{0xff, 0, '{'}, nil); err != nil {
		t.Fatal(err)
	}
	if d := awaitLetters(t, project, 1)[0]; d.Step != "holdbets" || d.Topic != "bets" || d.Attempts < 5 {
		t.Errorf("the dead letter is %+v, want one of holdbets, from the topic bets, after at least 5 attempts", d)
	}
	sc.streamer.judge(t, sc.mission.ID, "success")
	sc.ends(t, "succeeded", []string{"created", "accepted", "succeeded", "settled"})
	sc.have(t, purse-3500, purse-2000, 5500)
	sc.mailed(t, sc.creator, "[미션팟] 미션 성공", "3,500원")
	sc.mailed(t, sc.backer, "[Missionpot] Mission accomplished", "2,000 won")
	sc.mailed(t, sc.streamer, "[Missionpot] Mission accomplished", "5,500 won")
}
