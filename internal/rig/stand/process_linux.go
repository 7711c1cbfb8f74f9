package stand

import "syscall"

// OwnGroup puts a child into its own process group and has the kernel kill it when
// this program dies, even by SIGKILL. A nil account means ours.
func OwnGroup(account *Account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: account.credential()}
}
