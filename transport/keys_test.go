package transport

import (
	"crypto/tls"
	"sync"
	"testing"
)

// A server may change its keys as often as it likes, and may ask for ours to be changed,
// as long as it also says something.
func TestKeysThatChangeAfterEveryMessage(t *testing.T) {
	const words = 300
	onSecureDoors(t, tls.VersionTLS13, func(t *testing.T, d door) {
		u, c := d.meets(t, new(WebSocket), func(r *rogue) {
			f := r.forges(t)
			for i := range words {
				if f.says(f.seal(recordApplication, sent(0x81, "x")), f.update(byte(i%2))) != nil {
					return
				}
				if frame, err := readFrame(r); err != nil || string(unmasked(frame)) != "y" {
					t.Errorf("after %d words the server heard %q and %v", i, unmasked(frame), err)
					return
				}
			}
			_ = f.says(f.seal(recordApplication, sent(0x88, "")))
			r.hold()
		})
		for i := range words {
			frame, err := u.read()
			if string(frame.Data) != "x" || err != nil {
				t.Fatalf("after %d words: %q and %v", i, frame.Data, err)
			}
			if err := c.Write(Frame{FrameText, []byte("y")}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := u.read()
		same(t, "the end", code(err), "PeerClose")
		u.abort()
	})
}

// What is answered while a write waits for room is not taken for a part of that write:
// each frame counts once.
func TestKeysThatAreAskedForWhileAWriteWaits(t *testing.T) {
	const frames = 48
	onSecureDoors(t, tls.VersionTLS13, func(t *testing.T, d door) {
		full, heard := make(chan struct{}), make(chan struct{})
		got := make(chan int, 1)
		u, c := d.meets(t, &WebSocket{WriteLimit: 64 << 20}, func(r *rogue) {
			f := r.forges(t)
			<-full
			for range 3 {
				_ = f.says(f.seal(recordApplication, sent(0x81, "ask")), f.update(1))
			}
			_ = f.says(f.seal(recordApplication, sent(0x81, "done")))
			if !d.goroutines { // whose watcher waits for the write
				<-heard
			}
			n := 0
			for frame, err := readFrame(r); err == nil && len(frame.Payload) > 2; frame, err = readFrame(r) {
				n++
			}
			got <- n
			_ = f.says(f.seal(recordApplication, sent(0x88, "\x03\xe8")))
			r.hold()
		})
		for range frames {
			if err := c.Write(Frame{FrameBinary, make([]byte, 256<<10)}); err != nil {
				t.Fatal(err)
			}
		}
		if c.Written() == frames {
			t.Fatal("the system has taken everything at once; that proves nothing")
		}
		var once sync.Once
		open := func() { once.Do(func() { close(heard) }) }
		defer open()
		close(full)
		for _, want := range []string{"ask", "ask", "ask", "done"} {
			frame, err := u.read()
			if string(frame.Data) != want || err != nil {
				t.Fatalf("%q and %v", frame.Data, err)
			}
		}
		open()
		_ = c.Close(1000, "")
		_, err := u.read()
		same(t, "the end", code(err), "PeerClose")
		same(t, "frames that came", <-got, frames)
		same(t, "written", c.Written(), uint64(frames))
		u.abort()
	})
}
