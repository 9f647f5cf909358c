package transport

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

var storm = flag.Duration("storm", 3*time.Second, "how long connections come and go; from 30s on, 2,000 of them at a time")

// fate is how a connection ends.
type fate byte

const (
	clientLeaves  fate = iota // with a close frame, which is answered
	serverLeaves              // likewise
	serverStops               // half of the socket is closed, and the server hears the client out
	serverHangsUp             // without a word
	serverResets              // likewise, and throws away what is under way
	clientAborts              // at any moment
	fates
)

// String is its name.
func (f fate) String() string {
	return [...]string{"the client leaves", "the server leaves", "the server stops", "the server hangs up", "the server resets", "the client aborts"}[f]
}

// tale is the life of one connection. Its name is in every frame of it.
type tale struct {
	name    uint64
	fate    fate
	words   uint16 // frames of the client
	answers uint16 // frames of the server
	door    door
}

// word is a frame's payload: whose, which, and something.
func (s *tale) word(number int) []byte {
	b := binary.BigEndian.AppendUint64(nil, s.name)
	b = append(b, byte(s.fate))
	b = binary.BigEndian.AppendUint16(b, s.answers)
	b = binary.BigEndian.AppendUint32(b, uint32(number))
	return append(b, bytes.Repeat([]byte{byte(s.name)}, int(s.name*7+uint64(number)*131)%2000)...)
}

// check says what is wrong with a payload.
func (s *tale) check(number int, got []byte) error {
	if want := s.word(number); !bytes.Equal(got, want) {
		return fmt.Errorf("%v, %d (%s): word %d is % x, not % x", s.door, s.name, s.fate, number, got[:min(len(got), 20)], want[:20])
	}
	return nil
}

// weather is a server and what it has heard, by the names of connections.
type weather struct {
	*testing.T
	address map[bool]string // secure or not
	heard   sync.Map        // name to chan int
	told    [fates]atomic.Int64
	wait    sync.WaitGroup
}

// listen serves until the returned function is called.
func (w *weather) listen(secure bool) (end func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.Fatal(err)
	}
	w.address[secure] = listener.Addr().String()
	w.wait.Go(func() {
		for {
			sock, err := listener.Accept()
			if err != nil {
				return
			}
			w.wait.Go(func() {
				defer func() { _ = sock.Close() }()
				_ = sock.SetDeadline(time.Now().Add(time.Minute))
				if r, err := (door{secure: secure}).accept(sock); err == nil {
					w.serve(r)
				}
			})
		}
	})
	return func() { _ = listener.Close() }
}

// serve is the server's side of a tale. Nothing but the first word tells it which.
func (w *weather) serve(r *rogue) {
	in := bufio.NewReader(r)
	frame, err := readFrame(in)
	if err != nil {
		return // the client has aborted
	}
	first := unmasked(frame)
	if len(first) < 15 {
		w.Errorf("a first word is %q", first)
		return
	}
	s := &tale{name: binary.BigEndian.Uint64(first), fate: fate(first[8]), answers: binary.BigEndian.Uint16(first[9:])}
	var writer sync.WaitGroup
	writer.Go(func() { w.reply(r, s) })
	n := 0
	for payload := first; err == nil; payload = unmasked(frame) {
		if frame.Header.OpCode == ws.OpClose {
			if s.fate == clientLeaves {
				writer.Wait()
				r.says(sent(0x88, string(payload)))
			}
			break
		}
		if err := s.check(n, payload); err != nil {
			w.Error("the server heard ", err)
		}
		n++
		if frame, err = readFrame(in); err != nil {
			break
		}
	}
	if err == nil { // and nothing after the close frame
		if rest, _ := io.ReadAll(in); len(rest) > 0 {
			w.Errorf("%s: %d bytes after the close frame", s.fate, len(rest))
		}
	}
	writer.Wait()
	if heard, ok := w.heard.Load(s.name); ok {
		heard.(chan int) <- n
	} else {
		w.Errorf("nobody is called %d", s.name)
	}
}

// reply says the server's words and ends its side as the tale has it.
func (w *weather) reply(r *rogue, s *tale) {
	for i := range int(s.answers) {
		if _, err := r.Write(sent(0x82, string(s.word(i)))); err != nil {
			return
		}
	}
	switch s.fate {
	case serverLeaves:
		r.says(sent(0x88, "\x0f\xa0"))
	case serverStops:
		_ = r.sock.CloseWrite()
	case serverHangsUp:
		_ = r.sock.Close()
	case serverResets:
		_ = r.sock.SetLinger(0)
		_ = r.sock.Close()
	}
}

// live lives through one tale, and looks at what it was told.
func (w *weather) live(ctx context.Context, s *tale) error {
	heard := make(chan int, 1)
	w.heard.Store(s.name, heard)
	defer w.heard.Delete(s.name)
	c, err := s.door.trusts(new(WebSocket)).Dial(ctx, Target{URL: s.door.scheme() + w.address[s.door.secure]})
	if err != nil {
		return err
	}
	u := &user{conn: c, bell: make(chan struct{}, 1)}
	c.Watch(ring(u.bell))
	answers, ending, err := s.speak(u)
	u.abort()
	final := c.Written()
	if err != nil {
		return err
	}
	if c.Write(Frame{FrameBinary, nil}) == nil || c.Written() != final {
		return fmt.Errorf("%s: something was written after the end", s.fate)
	}
	got := uint64(0)
	if final > 0 || s.fate <= serverStops {
		got = uint64(<-heard)
	}
	clean := s.fate <= serverStops
	switch {
	case clean && answers != int(s.answers):
		return fmt.Errorf("%v, %s: %d of %d answers came, and then %q", s.door, s.fate, answers, s.answers, ending)
	case clean && ending != map[fate]string{clientLeaves: "PeerClose", serverLeaves: "PeerClose", serverStops: "ReadEOF"}[s.fate]:
		return fmt.Errorf("%v, %s: it ended with %q", s.door, s.fate, ending)
	case clean && got < final, s.fate == clientLeaves && got != final, !s.door.secure && got > final:
		return fmt.Errorf("%v, %s: %d frames were written, and the server has got %d", s.door, s.fate, final, got)
	}
	w.told[s.fate].Add(1)
	return nil
}

// speak says the client's words and hears the server's, until the end.
func (s *tale) speak(u *user) (answers int, ending string, _ error) {
	said := 0
	doom := -1
	if s.fate == clientAborts {
		doom = rand.IntN(int(s.words + s.answers))
	}
	gone := make(chan struct{})
	for turn := 0; ; turn++ {
		if turn == doom {
			go u.conn.Abort(func() { close(gone) })
		}
		if said < int(s.words) {
			if said++; u.conn.Write(Frame{FrameBinary, s.word(said - 1)}) != nil {
				said = int(s.words) // it is over; Read says why
			}
		}
		if said == int(s.words) && s.fate == clientLeaves {
			_ = u.conn.Close(1000, "")
		}
		frame, err := u.conn.Read()
		switch {
		case err == nil:
			if err := s.check(answers, frame.Data); err != nil {
				return answers, "", fmt.Errorf("the client heard %w", err)
			}
			answers++
		case !errors.Is(err, ErrWouldBlock):
			return answers, code(err), nil
		case said >= int(s.words) && turn > doom:
			select {
			case <-u.bell:
			case <-gone: // nothing is reported any more
			case <-time.After(30 * time.Second):
				return answers, "", fmt.Errorf("%v, %s: nothing comes any more after %d of %d", s.door, s.fate, answers, s.answers)
			}
		}
	}
}

// churn takes descriptors and gives them back, so that their numbers are used again.
// What goes into a pipe comes out of it, and nothing else.
func churn(t *testing.T, stop <-chan struct{}) {
	token, got := []byte("of this pipe only"), make([]byte, 100)
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		out, in, err := os.Pipe()
		if err != nil {
			t.Error(err)
			return
		}
		file, fileErr := os.Open(os.DevNull)
		sock, sockErr := net.ListenPacket("udp", "127.0.0.1:0")
		_, _ = in.Write(token)
		n, err := out.Read(got)
		if !bytes.Equal(got[:n], token) || err != nil {
			t.Errorf("a pipe said %q and %v", got[:n], err)
		}
		_, _ = out.Close(), in.Close()
		if fileErr == nil {
			_ = file.Close()
		}
		if sockErr == nil {
			_ = sock.Close()
		}
	}
}

// descriptors is how many this process has; 0: it cannot be known.
func descriptors() int {
	all, _ := os.ReadDir("/proc/self/fd")
	return len(all)
}

// Connections of both drivers, with TLS and without, come and go in every way at once,
// while their descriptors' numbers are taken by others: each hears its own peer, what it
// has written is what the peer has got, and nothing is left.
func TestAStormOfConnectionsThatEndInEveryWay(t *testing.T) {
	w := &weather{T: t, address: map[bool]string{}}
	certified()
	before := descriptors()
	endPlain, endSecure := w.listen(false), w.listen(true)
	slots := 100
	if *storm >= 30*time.Second {
		slots = 2000
	}
	var names atomic.Uint64
	stop := make(chan struct{})
	var clients, churners sync.WaitGroup
	for range 2 {
		churners.Go(func() { churn(t, stop) })
	}
	ctx, cancel := context.WithTimeout(t.Context(), *storm+time.Minute)
	defer cancel()
	end := time.Now().Add(*storm)
	for range slots {
		clients.Go(func() {
			for time.Now().Before(end) && !t.Failed() {
				s := &tale{
					name: names.Add(1), fate: fate(rand.IntN(int(fates))),
					words: uint16(1 + rand.IntN(30)), answers: uint16(rand.IntN(30)),
					door: door{goroutines: rand.IntN(2) == 0, secure: rand.IntN(5) == 0},
				}
				if err := w.live(ctx, s); err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	close(stop)
	churners.Wait()
	endPlain()
	endSecure()
	w.wait.Wait()
	for f := range fates {
		t.Logf("%s: %d times", f, w.told[f].Load())
		if w.told[f].Load() == 0 {
			t.Errorf("not once: %s", f)
		}
	}
	for patience := time.Now().Add(10 * time.Second); descriptors() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(patience) {
			t.Fatalf("%d descriptors before, %d after", before, descriptors())
		}
	}
}
