package transport

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// A message of 16 MiB in segments of one byte is a message of 16 MiB. It is cut short here:
// what it costs shows after a few bytes as well.
func TestABigMessageInSegmentsOfOneByteCostsWhatHasArrived(t *testing.T) {
	const announced, arrived = 16 << 20, 5000
	onEveryDoor(t, func(t *testing.T, d door) {
		u, c := d.meets(t, &WebSocket{MessageLimit: announced}, func(r *rogue) {
			_, _ = drip{r}.Write(append([]byte{0x82, 127, 0, 0, 0, 0, 1, 0, 0, 0}, make([]byte, arrived)...))
			_ = r.sock.CloseWrite()
			r.hold()
		})
		_, err := u.read()
		same(t, "the end", code(err), "ReadEOF")
		if held := cap(c.frames.kept.data); held > 2*arrived+64 {
			t.Errorf("%d bytes are held for %d", held, arrived)
		}
		u.abort()
	})
}

// Peers that are slow to read, and others that never stop. Each plays until its socket is
// closed.
var (
	slow = map[string]func(*rogue){"reads one byte per second": dawdle, "never reads": ignore}
	busy = map[string]func(*rogue){"sends 16 MiB byte by byte": trickle, "never stops": gush, "never ends its message": ramble}
)

func dawdle(r *rogue) {
	for b := make([]byte, 1); ; time.Sleep(time.Second) {
		if _, err := r.sock.Read(b); err != nil {
			return
		}
	}
}

// ignore says that it is alive, all the same.
func ignore(r *rogue) {
	for ; ; time.Sleep(50 * time.Millisecond) {
		if _, err := r.Write(sent(0x8a, "")); err != nil {
			return
		}
	}
}

func trickle(r *rogue) {
	r.says([]byte{0x82, 127, 0, 0, 0, 0, 1, 0, 0, 0})
	for b := make([]byte, 1<<10); ; {
		if _, err := (drip{r}).Write(b); err != nil {
			return
		}
	}
}

func gush(r *rogue) { repeat(r, bytes.Repeat(sent(0x82, "more and more"), 4<<10)) }

func ramble(r *rogue) {
	r.says(sent(0x02, ""))
	repeat(r, bytes.Repeat(sent(0x00, ""), 32<<10))
}

func repeat(r *rogue, b []byte) {
	for {
		if _, err := r.Write(b); err != nil {
			return
		}
	}
}

// echoed measures round trips on all connections at a time, and returns the time that
// one in a hundred takes longer than.
func echoed(t *testing.T, users []*user) time.Duration {
	t.Helper()
	var (
		mu   sync.Mutex
		all  []time.Duration
		wait sync.WaitGroup
	)
	for _, u := range users {
		wait.Go(func() {
			for range 5 {
				start := time.Now()
				if err := u.conn.Write(Frame{FrameText, []byte("are you there?")}); err != nil {
					t.Error(err)
					return
				}
				if frame, err := u.read(); err != nil || string(frame.Data) != "are you there?" {
					t.Errorf("%q and %v", frame.Data, err)
					return
				}
				mu.Lock()
				all = append(all, time.Since(start))
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if t.Failed() {
		t.FailNow()
	}
	slices.Sort(all)
	return all[len(all)*99/100]
}

// rung is a bell that is always heard.
var rung = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// suffer uses a connection as an actor does: what is there is read in turns, and if writes
// is set, something always waits to be written. It returns what it ended with, and whether
// the limit of what may wait was met.
func (u *user) suffer(writes bool, stop <-chan struct{}) (ending string, full bool) {
	frame := Frame{FrameBinary, make([]byte, 64<<10)}
	for {
		for writes {
			if err := u.conn.Write(frame); err != nil {
				full = full || code(err) == "SlowConsumer"
				break
			}
		}
		var err error
		for turn := 0; turn < 64 && err == nil; turn++ {
			_, err = u.conn.Read()
		}
		wait := u.bell
		switch {
		case err == nil:
			wait = rung
		case !errors.Is(err, ErrWouldBlock):
			return code(err), full
		}
		select {
		case <-stop:
			return "none", full
		case <-wait:
		}
	}
}

// Peers that are slow, and peers that never stop, cost what the limits say and nobody else
// anything: they end when a write takes too long, or go on.
func TestTheOthersDoNotNoticeSlowAndBusyPeers(t *testing.T) {
	onEveryDriver(t, func(t *testing.T, doors [2]door) {
		var users []*user
		for _, d := range doors {
			echoes := d.host(t, func(r *rogue) { _ = mirrorFrames(r) })
			for range 50 {
				c, err := dial(t, d.trusts(new(WebSocket)), Target{URL: echoes})
				if err != nil {
					t.Fatal(err)
				}
				users = append(users, use(t, c))
			}
		}
		before := echoed(t, users)
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		held := memory.HeapAlloc

		stop := make(chan struct{})
		var troubles sync.WaitGroup
		for i, kind := range []map[string]func(*rogue){slow, slow, busy} {
			for name, play := range kind {
				d := doors[i%2]
				web := &WebSocket{WriteLimit: 1 << 20, WriteTimeout: time.Second, MessageLimit: 32 << 20}
				c, err := dial(t, d.trusts(web), Target{URL: d.host(t, play)})
				if err != nil {
					t.Fatal(err)
				}
				u := use(t, c)
				_, writes := slow[name]
				troubles.Go(func() {
					if !writes {
						ending, _ := u.suffer(false, stop)
						same(t, name, ending, "none")
						return
					}
					ending, full := u.suffer(true, nil)
					same(t, name, ending, "WriteTimeout")
					same(t, name+": the limit was met", full, true)
				})
			}
		}
		during := echoed(t, users)
		runtime.GC()
		runtime.ReadMemStats(&memory)
		if grown := int64(memory.HeapAlloc) - int64(held); grown > 32<<20 {
			t.Errorf("%d bytes are held for seven connections", grown)
		}
		close(stop)
		troubles.Wait()
		t.Logf("one of a hundred round trips takes more than %s, and %s meanwhile", before, during)
		if during > 100*before && during > 2*time.Second {
			t.Errorf("one of a hundred round trips takes more than %s, and %s before", during, before)
		}
	})
}

// mirrorFrames sends messages back as they come.
func mirrorFrames(r *rogue) error {
	for {
		frame, err := readFrame(r)
		if err != nil {
			return err
		}
		r.says(sent(0x80|byte(frame.Header.OpCode), string(unmasked(frame))))
	}
}
