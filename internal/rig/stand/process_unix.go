//go:build unix && !linux

package stand

import "syscall"

// OwnGroup puts a child into its own process group. Only Linux can also tie its life
// to ours; elsewhere a SIGKILL of the stand leaves its servers running.
func OwnGroup(account *Account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: account.credential()}
}
