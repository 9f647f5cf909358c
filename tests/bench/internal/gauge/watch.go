package gauge

import (
	"runtime"
	"syscall"
	"time"
)

// Watch is a stopwatch that also looks at processor time and allocations of this
// process.
type Watch struct {
	began   time.Time
	cpu     time.Duration
	mallocs uint64
}

// Start starts a watch.
func Start() Watch {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Watch{cpu: spent(), mallocs: m.Mallocs, began: time.Now()}
}

// Elapsed is how long ago the watch was started.
func (w Watch) Elapsed() time.Duration { return time.Since(w.began) }

// CPU is the processor time since then, of the user and of the system.
func (w Watch) CPU() time.Duration { return spent() - w.cpu }

// Messages notes what so many messages cost, under names that begin with prefix.
func (f Figures) Messages(prefix string, w Watch, count int64) {
	elapsed, cpu := w.Elapsed(), w.CPU()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f[prefix+"msgs_per_second"] = float64(count) / elapsed.Seconds()
	f[prefix+"cpu_per_million"] = cpu.Seconds() * 1e6 / float64(count)
	f[prefix+"allocs_per_msg"] = float64(m.Mallocs-w.mallocs) / float64(count)
}

// spent is the processor time of this process so far.
func spent() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
