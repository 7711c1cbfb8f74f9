package api

import "github.com/danielgtaylor/huma/v2"

// about is the front page of the documentation.
const about = `Missionpot: viewers put cash on a *mission* for a streamer, others add to the pot, the streamer judges.
Success pays the pot to the streamer. Failure, rejection or the time limit gives everyone their cash back.
Nobody ever gets more than they put in.

**Cash** is in South Korean won, always a whole number. **Times** are RFC 3339 in UTC, always with three digits after the second.

**Signing in.** ` + "`POST /v1/users`, then `POST /v1/login`" + `; send the access token as ` + "`Authorization: Bearer …`" + `.
It is good for 15 minutes; ` + "`POST /v1/token`" + ` gives the next one.

**Calls that move cash** take an ` + "`Idempotency-Key`" + `, a name of your own for the call. When an answer gets lost, repeat the
call with the same key: it is done once, and you get the first answer.

**Errors** are ` + "`application/problem+json`" + ` (RFC 9457). Program against ` + "`code`" + `; show ` + "`detail`" + ` to people who can fix the
request. Come back after ` + "`Retry-After`" + ` where it is given. An id that is not a UUID is ` + "`422`" + `, one that nothing has is ` + "`404`" + `.

**Exit-only.** Every answer says in ` + "`Missionpot-Mode`" + ` whether new cash is taken: ` + "`open`" + ` or ` + "`exit_only`" + `. In the latter
stakes, bets and charges are refused with ` + "`503 exit_only`" + `; verdicts, payouts and refunds go on.

**Answers** may get more fields; ignore those you do not know. **Lists** are ` + "`{items, next_cursor}`" + `; give ` + "`next_cursor`" + ` as ` + "`cursor`" + ` for the next page.`

// tags are the sections of the documentation.
func tags() []*huma.Tag {
	return []*huma.Tag{
		{Name: "Accounts", Description: "People and their settings."},
		{Name: "Sessions", Description: "Signing in and out."},
		{Name: "Cash", Description: "Putting cash in and seeing where it went."},
		{Name: "Missions", Description: "Asking, accepting, judging."},
		{Name: "Bets", Description: "Adding to a pot."},
		{Name: "Events", Description: "Watching."},
		{Name: "Books", Description: "The proof that every won is accounted for."},
		{Name: "Operators", Description: "For whoever looks after it. Needs the role."},
		{Name: "Platform", Description: "For whoever runs it."},
	}
}
