package account

import (
	"time"

	"github.com/google/uuid"
)

// Role is what an account may do beyond what every account may. An access token
// carries roles in the claim "roles" (RFC 9068, 2.2.3.1).
type Role string

// Operator is the role of users who operate the system: they see dead letters
// and send them again. They have no cash and can't get any.
const Operator Role = "operator"

// Action is one entry of the audit log: what an operator did.
type Action struct {
	Seq     int64     // place in the audit log, rising
	At      time.Time // UTC
	Actor   Actor
	Name    ActionName
	Subject string // id of the user or dead letter it was done to; empty for lists
}

// ActionName says what was done.
type ActionName string

// What operators do.
const (
	GrantOperator      ActionName = "grant_operator"
	RevokeOperator     ActionName = "revoke_operator"
	SignOut            ActionName = "sign_out"
	RemoveSecondFactor ActionName = "remove_second_factor"
	ListLetters        ActionName = "list_letters"
	ReadLetter         ActionName = "read_letter"
	RedriveLetter      ActionName = "redrive_letter"
)

// Actor names who did it.
type Actor string

// UserActor is an operator who called the API. Their token proves who they are.
func UserActor(id uuid.UUID) Actor { return Actor("user:" + id.String()) }

// CommandActor is somebody who ran the command. They choose the name
// themselves. Who may run it is decided by rights on the databases.
func CommandActor(name string) Actor { return Actor("command:" + name) }
