package lab

import "syscall"

// ownGroup puts a child into its own process group and has the kernel kill it when
// this program dies, even by SIGKILL.
func ownGroup(account *Account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: account.credential()}
}
