package supervisor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// descriptors asks the system about descriptors, without taking one if it can be
// helped: there may be none.
func descriptors() Descriptors {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return Descriptors{}
	}
	d := Descriptors{Known: true, Soft: bounded(limit.Cur), Hard: bounded(limit.Max)}
	if info, err := os.Stat("/proc/self/fd"); err == nil && info.Size() > 0 { // since Linux 6.2
		d.InUse = int(info.Size())
	} else if n, err := countDescriptors(); err == nil {
		d.InUse = n
	} else if errors.Is(err, syscall.EMFILE) {
		d.InUse = d.Soft
	} else {
		return Descriptors{}
	}
	d.Free = max(0, d.Soft-d.InUse) // the limit may have been lowered since
	return d
}

// mostCounted bounds the time that counting takes, to some 100 ms.
const mostCounted = 1 << 20

// countDescriptors counts the entries of a folder that has one for each.
func countDescriptors() (int, error) {
	folder, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0, err
	}
	defer func() { _ = folder.Close() }()
	n := -1 // the folder itself
	for n < mostCounted {
		names, err := folder.Readdirnames(4096)
		n += len(names)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, errors.New("there are too many to be counted")
}

// localPorts is how many ports the system chooses from, for IPv4 and IPv6 alike.
func localPorts() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0
	}
	return portsIn(string(text))
}

// portsIn counts the ports of a range as the system writes it.
func portsIn(text string) int {
	var first, last int
	if _, err := fmt.Sscan(text, &first, &last); err != nil || first < 0 || last < first || last > 65535 {
		return 0
	}
	return last - first + 1
}
