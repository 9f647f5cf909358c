package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// weight is what this process takes.
type weight struct{ rss, heap, goroutines float64 }

// weigh collects garbage, gives back what is free, and looks.
func weigh() weight {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return weight{
		rss:        resident(),
		heap:       float64(m.HeapAlloc + m.StackInuse),
		goroutines: float64(runtime.NumGoroutine()),
	}
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

// weight notes what each connection added.
func (f figures) weight(before, after weight, n int) {
	f["rss_per_channel"] = (after.rss - before.rss) / float64(n)
	f["heap_per_channel"] = (after.heap - before.heap) / float64(n)
	f["goroutines_per_channel"] = (after.goroutines - before.goroutines) / float64(n)
}
