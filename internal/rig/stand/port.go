package stand

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// loopback is the only address the stand listens on: its servers trust everyone
// who reaches them.
const loopback = "127.0.0.1"

// Free ports are taken from below the range that Linux gives to outgoing connections
// (32768 and up), so that none of those can sit on a port while its server restarts.
const (
	lowestPort  = 20_000
	highestPort = 32_767
	portTries   = 100
)

// FreePort finds a port of 127.0.0.1 that nobody listens on. It is chosen at random,
// so that test binaries that look at the same moment seldom find the same one.
func FreePort() (int, error) {
	var err error
	for range portTries {
		port := lowestPort + rand.IntN(highestPort-lowestPort+1)
		if err = CheckPort(port); err == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}

// portOr is a port that was asked for, or any free one if none was.
func portOr(port int) (int, error) {
	if port != 0 {
		return port, nil
	}
	return FreePort()
}

// ErrPortTaken means that another program listens on a port that the stand should use.
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
