package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/flow/redrive"
)

// accessMatrix is who may call what. A cell is the status, and for a refusal the
// problem's code. A user is the one whose thing it is, such as the bet; creator
// and streamer are the mission's. 401 is always unauthenticated.
const accessMatrix = `
route                               | anonymous | user | other user | creator | streamer | other streamer | operator

POST /v1/users                      | 201 | 201 | 201 | 201 | 201 | 201 | 201
POST /v1/login                      | 200 | 200 | 200 | 200 | 200 | 200 | 200
POST /v1/token                      | 200 | 200 | 200 | 200 | 200 | 200 | 200
POST /v1/logout                     | 204 | 204 | 204 | 204 | 204 | 204 | 204
POST /v1/password-resets            | 202 | 202 | 202 | 202 | 202 | 202 | 202
POST /v1/password-resets/redeem     | 200 | 200 | 200 | 200 | 200 | 200 | 200
GET /.well-known/jwks.json          | 200 | 200 | 200 | 200 | 200 | 200 | 200

GET /v1/users/me                    | 401 | 200 | 200 | 200 | 200 | 200 | 200
PATCH /v1/users/me                  | 401 | 200 | 200 | 200 | 200 | 200 | 200
DELETE /v1/users/me                 | 401 | 409 account_in_use | 409 account_in_use | 409 account_in_use | 409 account_in_use | 409 account_in_use | 409 account_in_use
PUT /v1/users/me/password           | 401 | 200 | 200 | 200 | 200 | 200 | 200
GET /v1/users/me/second-factor      | 401 | 200 | 200 | 200 | 200 | 200 | 200
POST /v1/users/me/second-factor     | 401 | 201 | 201 | 201 | 201 | 201 | 201
PUT /v1/users/me/second-factor      | 401 | 404 not_found | 404 not_found | 404 not_found | 404 not_found | 404 not_found | 404 not_found
POST /v1/users/me/second-factor/remove | 401 | 204 | 204 | 204 | 204 | 204 | 204
DELETE /v1/users/me/sessions        | 401 | 204 | 204 | 204 | 204 | 204 | 204
GET /v1/users                       | 200 | 200 | 200 | 200 | 200 | 200 | 200
GET /v1/users/{id}                  | 200 | 200 | 200 | 200 | 200 | 200 | 200
GET /v1/streamers                   | 200 | 200 | 200 | 200 | 200 | 200 | 200

POST /v1/users/me/charges           | 401 | 201 | 201 | 201 | 201 | 201 | 403 operator_moves_no_cash
GET /v1/users/me/transactions       | 401 | 200 | 200 | 200 | 200 | 200 | 200
GET /v1/books                       | 200 | 200 | 200 | 200 | 200 | 200 | 200

POST /v1/missions                   | 401 | 201 | 201 | 201 | 403 own_mission | 201 | 403 operator_moves_no_cash
GET /v1/missions                    | 200 | 200 | 200 | 200 | 200 | 200 | 200
GET /v1/missions/{id}               | 200 | 200 | 200 | 200 | 200 | 200 | 200
POST /v1/missions/{id}/accept       | 401 | 403 not_its_streamer | 403 not_its_streamer | 403 not_its_streamer | 200 | 403 not_its_streamer | 403 not_its_streamer
POST /v1/missions/{id}/reject       | 401 | 403 not_its_streamer | 403 not_its_streamer | 403 not_its_streamer | 200 | 403 not_its_streamer | 403 not_its_streamer
POST /v1/missions/{id}/success      | 401 | 403 not_its_streamer | 403 not_its_streamer | 403 not_its_streamer | 200 | 403 not_its_streamer | 403 operator_moves_no_cash
POST /v1/missions/{id}/fail         | 401 | 403 not_its_streamer | 403 not_its_streamer | 403 not_its_streamer | 200 | 403 not_its_streamer | 403 not_its_streamer
POST /v1/missions/{id}/withdraw     | 401 | 403 not_its_creator | 403 not_its_creator | 200 | 403 not_its_creator | 403 not_its_creator | 403 not_its_creator

POST /v1/missions/{id}/bets         | 401 | 201 | 201 | 201 | 403 own_mission | 201 | 403 operator_moves_no_cash
GET /v1/missions/{id}/bets/{bet_id} | 401 | 200 | 404 not_found | 404 not_found | 404 not_found | 404 not_found | 404 not_found
GET /v1/missions/{id}/contributors  | 200 | 200 | 200 | 200 | 200 | 200 | 200
GET /v1/missions/{id}/events        | 200 | 200 | 200 | 200 | 200 | 200 | 200
GET /v1/streamers/{id}/events       | 200 | 200 | 200 | 200 | 200 | 200 | 200

GET /v1/deadletters                 | 401 | 403 forbidden | 403 forbidden | 403 forbidden | 403 forbidden | 403 forbidden | 200
GET /v1/deadletters/{id}            | 401 | 403 forbidden | 403 forbidden | 403 forbidden | 403 forbidden | 403 forbidden | 200
POST /v1/deadletters/{id}/redrive   | 401 | 403 forbidden | 403 forbidden | 403 forbidden | 403 forbidden | 403 forbidden | 200

GET /healthz                        | 200 | 200 | 200 | 200 | 200 | 200 | 200
GET /readyz                         | 200 | 200 | 200 | 200 | 200 | 200 | 200
`

// Every route of the running document is called by everyone. A route without a
// row fails, and so does a row without a route.
func TestEveryRouteLetsInWhomTheMatrixSaysAndNobodyElse(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	roles, rows := parseMatrix(t)
	routes := c.routes()
	for _, route := range slices.Sorted(maps.Keys(routes)) {
		cells, known := rows[route]
		delete(rows, route)
		if !known {
			t.Errorf("%s has no row in the access matrix: say who may call it", route)
			continue
		}
		// What the document says about signing in is what the matrix holds.
		signedIn := routes[route].Security != nil && len(*routes[route].Security) > 0
		if refused := cells[0] == "401"; refused != signedIn {
			t.Errorf("%s: the document says signed in: %v, the matrix says of anonymous callers %s", route, signedIn, cells[0])
		}
		for i, role := range roles {
			if got := c.call(route, role); got != cells[i] {
				t.Errorf("%s as %s: %s, want %s", route, role, got, cells[i])
			}
		}
	}
	for route := range rows {
		t.Errorf("the access matrix has a row for %s, which the document does not have", route)
	}
}

func parseMatrix(t *testing.T) (roles []string, rows map[string][]string) {
	t.Helper()
	rows = map[string][]string{}
	for line := range strings.Lines(accessMatrix) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if roles == nil {
			roles = cells[1:]
			continue
		}
		if rows[cells[0]] = cells[1:]; len(cells)-1 != len(roles) {
			t.Fatalf("the row of %s has %d cells, want %d", cells[0], len(cells)-1, len(roles))
		}
	}
	return roles, rows
}

// cast is a stand with everyone of the matrix on it.
type cast struct {
	*stand
	people  map[string]player
	running mission.Snapshot
	bet     api.Bet
	letter  string
	fresh   int // names what a call needs new
}

func newCast(t *testing.T) *cast {
	t.Helper()
	s := newStand(t, func(s *stand, d *api.Dependencies) {
		sent := func(context.Context, event.Topic, []byte, map[string]string) error { return nil }
		d.DeadLetters = &redrive.Desk{DeadLetters: s.letters, Record: s.users.People, Publish: sent}
	})
	const cash = 100_000
	c := &cast{stand: s, people: map[string]player{
		"anonymous": {}, "user": s.viewer("user", cash), "other user": s.viewer("other-user", cash), "creator": s.viewer("creator", cash),
		"streamer": s.signUp("streamer", true), "other streamer": s.signUp("other-streamer", true), "operator": s.operator("olga"),
	}}
	for _, name := range []string{"streamer", "other streamer"} {
		s.postKeyed("/v1/users/me/charges", c.people[name].token, object{"amount": cash}).want(http.StatusCreated)
		s.call(http.MethodPatch, "/v1/users/me", c.people[name].token, object{"auto_accept": false}).want(http.StatusOK)
	}
	c.running = c.accepted()
	c.bet = read[api.Bet](s.postKeyed(betsOf(c.running), c.people["user"].token, object{"amount": 1000}, "Prefer", "wait=10").want(http.StatusCreated))
	c.letter = s.deadBet("0", newBet()).ID
	s.keepCheck(0)
	return c
}

// routes reads the document from the running API.
func (c *cast) routes() map[string]*openapi3.Operation {
	c.t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(c.get("/openapi.json", "").want(http.StatusOK).body)
	c.ok(err)
	routes := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			routes[method+" "+path] = op
		}
	}
	return routes
}

// proposed is a new mission that waits for its streamer.
func (c *cast) proposed() mission.Snapshot {
	c.t.Helper()
	return read[mission.Snapshot](c.postKeyed("/v1/missions", c.people["creator"].token, draft(c.people["streamer"], 100), "Prefer", "wait=10").want(http.StatusCreated))
}

// accepted is a new mission that is running.
func (c *cast) accepted() mission.Snapshot {
	c.t.Helper()
	m := c.proposed()
	return read[mission.Snapshot](c.stand.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/accept", c.people["streamer"].token, nil).want(http.StatusOK))
}

// someone is an account that no other call uses, signed in.
func (c *cast) someone() (name string, pair people.TokenPair) {
	c.t.Helper()
	name = c.newName()
	c.signUp(name, false)
	return name, c.signIn(name)
}

func (c *cast) newName() string {
	c.fresh++
	return fmt.Sprintf("someone-%d", c.fresh)
}

// call makes the route's call as somebody and returns what came of it, as a cell
// does. What the call changes is made for it.
func (c *cast) call(route, role string) string {
	c.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	path, body := c.request(route, path)
	headers := []string{"Prefer", "wait=10", "Idempotency-Key", uuid.NewString()}
	r := c.stand.call(method, path, c.signedIn(route, role), body, headers...)
	if r.status < 400 {
		return fmt.Sprint(r.status)
	}
	var p edge.Problem
	if err := json.Unmarshal(r.body, &p); err != nil {
		return fmt.Sprintf("%d %s", r.status, r.body)
	}
	if p.Code == "unauthenticated" {
		return fmt.Sprint(r.status)
	}
	return fmt.Sprintf("%d %s", r.status, p.Code)
}

// signedIn is somebody's access token of now: some calls end all that were made before.
// An operator's second factor is on for the routes that want one, and off for those
// that would ask for a code of it.
func (c *cast) signedIn(route, role string) string {
	c.t.Helper()
	p := c.people[role]
	switch role {
	case "anonymous":
		return ""
	case "operator":
		c.secondFactor(p, strings.Contains(route, "/v1/deadletters"))
		p.token = c.signAs(p.id, account.Operator)
	default:
		p.token = c.sign(p.id)
	}
	c.people[role] = p
	return p.token
}

// request fills the path in and makes the body.
func (c *cast) request(route, path string) (string, any) {
	c.t.Helper()
	id := c.running.ID.String()
	var body any
	switch route {
	case "POST /v1/users":
		name := c.newName()
		body = object{"email": name + "@example.com", "password": goodPassword, "display_name": name}
	case "POST /v1/login":
		name, _ := c.someone()
		body = object{"email": name + "@example.com", "password": goodPassword}
	case "POST /v1/token", "POST /v1/logout":
		_, pair := c.someone()
		body = object{"refresh_token": pair.RefreshToken}
	case "POST /v1/password-resets":
		name, _ := c.someone()
		body = object{"email": name + "@example.com"}
	case "POST /v1/password-resets/redeem":
		name, _ := c.someone()
		body = object{"code": c.code(name), "new_password": otherPassword}
	case "POST /v1/users/me/second-factor", "POST /v1/users/me/second-factor/remove":
		body = object{"current_password": goodPassword}
	case "PUT /v1/users/me/second-factor":
		body = object{"current_password": goodPassword, "code": "no code"}
	case "DELETE /v1/users/me":
		body = object{"current_password": goodPassword}
	case "PUT /v1/users/me/password":
		body = object{"current_password": goodPassword, "new_password": goodPassword}
	case "PATCH /v1/users/me":
		body = object{"locale": "en"}
	case "GET /v1/users":
		path += "?id=" + c.people["user"].id.String()
	case "GET /v1/users/{id}":
		id = c.people["user"].id.String()
	case "GET /v1/streamers/{id}/events":
		id = c.people["streamer"].id.String()
	case "POST /v1/users/me/charges":
		body = object{"amount": 100}
	case "POST /v1/missions":
		body = draft(c.people["streamer"], 100)
	case "POST /v1/missions/{id}/accept", "POST /v1/missions/{id}/reject", "POST /v1/missions/{id}/withdraw":
		id = c.proposed().ID.String()
	case "POST /v1/missions/{id}/success", "POST /v1/missions/{id}/fail":
		id = c.accepted().ID.String()
	case "POST /v1/missions/{id}/bets":
		body = object{"amount": 100}
	case "GET /v1/deadletters/{id}":
		id = c.letter
	case "POST /v1/deadletters/{id}/redrive":
		id = c.deadBet(c.newName(), newBet()).ID
	}
	return strings.NewReplacer("{id}", id, "{bet_id}", c.bet.ID.String()).Replace(path), body
}
