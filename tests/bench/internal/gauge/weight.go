package gauge

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// Weight is what this process takes: bytes of resident memory, bytes of live heap
// and stacks, goroutines, and open descriptors.
type Weight struct{ rss, heap, goroutines, descriptors float64 }

// Weigh collects garbage twice, so that pools let go too, gives back what is
// free, and looks.
func Weigh() Weight {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Weight{
		rss:         resident(),
		heap:        float64(m.HeapAlloc + m.StackInuse),
		goroutines:  float64(runtime.NumGoroutine()),
		descriptors: descriptors(),
	}
}

// descriptors is how many this process has open as Linux tells it, 0 elsewhere.
func descriptors() float64 {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return float64(len(open))
}

// resident is the process's resident memory in bytes as Linux tells it, 0
// elsewhere.
func resident() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseFloat(fields[1], 64)
	return pages * float64(os.Getpagesize())
}

// Grown notes what each of n channels added between two weights.
func (f Figures) Grown(before, after Weight, n int) {
	f["rss_per_channel"] = (after.rss - before.rss) / float64(n)
	f["heap_per_channel"] = (after.heap - before.heap) / float64(n)
	f["goroutines_per_channel"] = (after.goroutines - before.goroutines) / float64(n)
}

// Left notes what n channels that are closed have left behind.
func (f Figures) Left(before, after Weight, n int) {
	f["heap_left_per_channel"] = (after.heap - before.heap) / float64(n)
	f["goroutines_left"] = after.goroutines - before.goroutines
	f["descriptors_left"] = after.descriptors - before.descriptors
}
