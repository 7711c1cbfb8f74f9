package stand

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// Account is an unprivileged user of this machine.
type Account struct{ UID, GID uint32 }

// postgresAccount is whom Postgres runs as: nil (ourselves) for an ordinary user.
// Postgres refuses to run as root, so root drops to the account that Debian's
// package made for it, or to nobody.
func postgresAccount() (*Account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("account %s: %w", name, err)
		}
		return &Account{UID: uint32(uid), GID: uint32(gid)}, nil
	}
	return nil, errors.New("Postgres refuses to run as root and this machine has neither a postgres nor a nobody account: run as an ordinary user")
}

// credential is nil for a nil account: run as ourselves.
func (a *Account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.UID, Gid: a.GID}
}

// own gives a directory to the account.
func (a *Account) own(dir string) error {
	if a == nil {
		return nil
	}
	return os.Chown(dir, int(a.UID), int(a.GID))
}
