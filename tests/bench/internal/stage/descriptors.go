package stage

import "syscall"

// spareDescriptors are for everything that is not a connection: those that are
// dialled and duplicated at the moment, too.
const spareDescriptors = 400

// descriptors raises the limit of open descriptors until it is enough, or as far
// as it goes, and returns what was reached.
func descriptors(enough int) int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	for _, most := range []uint64{max(uint64(limit.Max), uint64(enough)), uint64(limit.Max)} { //nolint:unconvert // its type depends on the system
		raised := syscall.Rlimit{Cur: most, Max: most}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			limit = raised
			break
		}
	}
	return int(min(limit.Cur, 1<<30))
}
