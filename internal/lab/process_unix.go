//go:build unix && !linux

package lab

import "syscall"

// ownGroup puts a child into its own process group. Only Linux can also tie its life
// to ours; elsewhere a SIGKILL of the stand leaves its servers running.
func ownGroup(account *Account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: account.credential()}
}
