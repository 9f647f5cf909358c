package simulation

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/transport"
)

// The gate's default limits.
const (
	perSecond  = 500
	burst      = 200
	concurrent = 200
)

// dials is a dialer that writes down every dial: when, for whom, and how many
// run at once. It sees what the gate lets through, before the network does.
type dials struct {
	transport.Dialer

	mu      sync.Mutex
	at      []time.Time
	of      map[string]int // by path
	flying  map[string]int
	running int
	most    int
	doubled []string // paths that were dialled while they were being dialled
}

func recording(dialer transport.Dialer) *dials {
	return &dials{Dialer: dialer, of: map[string]int{}, flying: map[string]int{}}
}

// Dial implements transport.Dialer.
func (d *dials) Dial(ctx context.Context, target transport.Target) (transport.Conn, error) {
	path := "?"
	if u, err := url.Parse(target.URL); err == nil {
		path = u.Path
	}
	d.enter(path)
	defer d.leave(path)
	return d.Dialer.Dial(ctx, target)
}

func (d *dials) enter(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = append(d.at, time.Now())
	d.of[path]++
	d.running++
	d.most = max(d.most, d.running)
	if d.flying[path]++; d.flying[path] > 1 {
		d.doubled = append(d.doubled, path)
	}
}

func (d *dials) leave(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running--
	d.flying[path]--
}

func (d *dials) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.at)
}

// counts is how often each path was dialled so far.
func (d *dials) counts() map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	counts := make(map[string]int, len(d.of))
	for path, n := range d.of {
		counts[path] = n
	}
	return counts
}

// check holds the dials against the gate's promise.
func (d *dials) check(t *testing.T) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if over := excess(d.at, perSecond, burst); over > 0 {
		t.Errorf("a window has %d dials more than %d per second and a burst of %d: %s", over, perSecond, burst, peaks(d.at))
	}
	if d.most > concurrent {
		t.Errorf("%d dials ran at once, the limit is %d", d.most, concurrent)
	}
	if len(d.doubled) > 0 {
		t.Errorf("dialled while being dialled: %v", d.doubled)
	}
}

// excess is by how many dials the worst of all windows is above rate·w + burst;
// zero or less if the bound holds.
//
// A window that begins just before dial i and ends just after dial j holds
// j-i+1 dials in at[j]-at[i], and no other window of that length holds more. With
// f(i) = i/rate - at[i], its excess is rate·(f(j)-f(i)) + 1 - burst: the least
// f so far is the worst beginning, so one pass looks at every window there is.
func excess(at []time.Time, rate, burst int) int {
	if len(at) == 0 {
		return 0
	}
	each := time.Second / time.Duration(rate)
	least, worst := time.Duration(math.MaxInt64), time.Duration(math.MinInt64)
	for i, t := range at {
		f := time.Duration(i)*each - t.Sub(at[0])
		least = min(least, f)
		worst = max(worst, f-least)
	}
	// Tokens are counted in floating point: a millionth of one is no dial.
	dials := float64(worst)/float64(each) + 1 - float64(burst)
	return int(math.Ceil(dials - 1e-6))
}

// peaks says how many dials the fullest window of several lengths has.
func peaks(at []time.Time) string {
	var parts []string
	for _, w := range []time.Duration{0, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second, time.Minute} {
		most, first := 0, 0
		for i := range at {
			for at[i].Sub(at[first]) > w {
				first++
			}
			most = max(most, i-first+1)
		}
		parts = append(parts, fmt.Sprintf("%d in %s (bound %d)", most, w, burst+int(float64(perSecond)*w.Seconds())))
	}
	return strings.Join(parts, ", ")
}

func TestExcessFindsTheWorstWindow(t *testing.T) {
	start := time.Unix(0, 0)
	at := func(gaps ...time.Duration) (all []time.Time) {
		now := start
		for _, gap := range gaps {
			now = now.Add(gap)
			all = append(all, now)
		}
		return all
	}
	for name, c := range map[string]struct {
		at   []time.Time
		want int
	}{
		"nothing":                   {nil, 0},
		"a burst":                   {at(0, 0, 0), 0},
		"one above the burst":       {at(0, 0, 0, 0), 1},
		"two above it":              {at(0, 0, 0, 0, 0), 2},
		"a burst, then the rate":    {at(0, 0, 0, time.Second, time.Second), 0},
		"then a little too early":   {at(0, 0, 0, time.Second, time.Second-time.Millisecond), 1},
		"a burst late":              {at(0, time.Hour, 0, 0, 0), 1},
		"a crowd within a calm day": {slices.Concat(at(0), at(time.Hour, time.Second/2, time.Second/2, time.Second/2, time.Second/2, time.Second/2, time.Second/2)), 1},
	} {
		if got := excess(c.at, 1, 3); max(got, 0) != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
