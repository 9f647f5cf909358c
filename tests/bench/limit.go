package main

import "syscall"

// spareDescriptors are for everything that is not a connection.
const spareDescriptors = 200

// descriptors raises the limit of open descriptors as far as it goes and
// returns what was reached.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	raised := limit
	raised.Cur = limit.Max
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
		limit = raised
	}
	return int(min(limit.Cur, 1<<30)) //nolint:unconvert // its type depends on the system
}
