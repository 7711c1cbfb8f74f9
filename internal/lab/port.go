package lab

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// loopback is the only address the stand listens on: its servers trust everyone
// who reaches them.
const loopback = "127.0.0.1"

// FreePort asks the kernel for a port of 127.0.0.1 that nobody listens on.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// ErrPortTaken says that another program listens on a port the stand was told to use.
var ErrPortTaken = errors.New("the port is taken by another program")

// CheckPort fails with ErrPortTaken if somebody listens on the port already.
func CheckPort(port int) error {
	l, err := net.Listen("tcp", address(port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %d: %w", port, ErrPortTaken)
	}
	if err != nil {
		return fmt.Errorf("port %d: %w", port, err)
	}
	return l.Close()
}

func address(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}
