package transport

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed14814784/holdfast/transport/wstest"
)

// malice is what no server may send, and what becomes of it.
type malice struct {
	raw    []byte
	code   string // of the reason
	close  int    // what the server is told
	detail string // part of the reason
}

// malices are those of package wstest and those that are about limits: messages of
// up to 1 MiB are taken.
func malices() map[string]malice {
	all := map[string]malice{
		"a length of 2^63": {
			[]byte{0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}, "ProtocolError", 1002, "highest bit"},
		"a length of 2^63-1": {
			[]byte{0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "FrameTooLarge", 1009, "9223372036854775807"},
		"a last fragment of 2^63-1": {
			stream(sent(0x02, "x"), []byte{0x80, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "FrameTooLarge", 1009, "9223372036854775807"},
		"one byte more than a message may have": {
			binary.BigEndian.AppendUint64([]byte{0x82, 127}, 1<<20+1), "FrameTooLarge", 1009, "1048577"},
		"a bad rune over three fragments": {
			stream(sent(0x01, "a\xe2"), sent(0x00, ""), sent(0x89, "p"), sent(0x00, "\x82"), sent(0x80, "\x28")), "ProtocolError", 1007, "UTF-8"},
		"a text that is cut in a rune by its last fragment": {
			stream(sent(0x01, "a\xe2\x82"), sent(0x80, "")), "ProtocolError", 1007, "UTF-8"},
		"a code point above the last": {
			stream(sent(0x01, "\xf4"), sent(0x80, "\x90\x80\x80")), "ProtocolError", 1007, "UTF-8"},
		"a rune in more bytes than it needs": {
			stream(sent(0x01, "\xc0"), sent(0x80, "\xaf")), "ProtocolError", 1007, "UTF-8"},
		"a close frame of one byte": {sent(0x88, "x"), "ProtocolError", 1002, "one byte"},
	}
	for sentence, m := range wstest.Malformed() {
		all[sentence] = malice{m.Raw, "ProtocolError", m.Code, ""}
	}
	return all
}

// What no server may send ends the connection after what came before it, with a reason
// that says what was wrong, and the server is told; in however many pieces it comes.
func TestWhatNoServerMaySendHasAReasonThroughEveryDoor(t *testing.T) {
	onEveryDoor(t, func(t *testing.T, d door) {
		for sentence, m := range malices() {
			for manner, b := range map[string]bool{"at once": false, "byte by byte": true} {
				t.Run(sentence+", "+manner, func(t *testing.T) {
					farewell := make(chan string, 1)
					u, _ := d.meets(t, &WebSocket{MessageLimit: 1 << 20}, func(r *rogue) {
						var peer net.Conn = r.Conn
						if b {
							peer = drip{peer}
						}
						_, _ = peer.Write(stream(sent(0x81, "before"), m.raw))
						farewell <- r.listens()
					})
					heard := ""
					var err error
					for frame := (Frame{}); err == nil; frame, err = u.read() {
						if frame.Kind != FramePing {
							heard += string(frame.Data)
						}
					}
					same(t, "what was heard", heard, "before")
					same(t, "the reason", code(err), m.code)
					if !strings.Contains(err.Error(), m.detail) {
						t.Errorf("%q says nothing about %q", err, m.detail)
					}
					told := <-farewell
					if len(told) < 2 || int(binary.BigEndian.Uint16([]byte(told))) != m.close {
						t.Errorf("the server was told %q, not %d", told, m.close)
					}
					u.abort()
				})
			}
		}
	})
}

// bomb is a message that expands to that many bytes of nothing.
func bomb(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	zeros := make([]byte, 1<<20)
	for range size >> 20 {
		_, _ = w.Write(zeros)
	}
	_ = w.Flush()
	packed := bytes.TrimSuffix(b.Bytes(), deflateTail[:4])
	if ratio := size / len(packed); ratio < 900 {
		t.Fatalf("it is packed %d to 1 only", ratio)
	}
	return packed
}

// A compression bomb costs no more than a message may.
func TestABombIsNotExpandedThroughAnyDoor(t *testing.T) {
	const limit = 64 << 10
	packed := string(bomb(t, 8<<20))
	onEveryDoor(t, func(t *testing.T, d door) {
		for sentence, raw := range map[string][]byte{
			"in one frame": sent(0xc2, packed),
			"in fragments": stream(sent(0x42, packed[:10]), sent(0x00, ""), sent(0x80, packed[10:])),
		} {
			t.Run(sentence, func(t *testing.T) {
				ready := make(chan struct{})
				u, _ := d.meets(t, &WebSocket{MessageLimit: limit, Compression: true}, func(r *rogue) {
					<-ready
					r.says(raw)
					r.listens()
				})
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				close(ready)
				_, err := u.read()
				runtime.ReadMemStats(&after)
				same(t, "the reason", code(err), "FrameTooLarge")
				if spent := after.TotalAlloc - before.TotalAlloc; spent > 2<<20 {
					t.Errorf("%d bytes were allocated for a limit of %d", spent, limit)
				}
				u.abort()
			})
		}
	})
}

// Fragments without an end are a message above the limit, however small they are.
func TestFragmentsWithoutAnEndAreTooLarge(t *testing.T) {
	const limit = 16 << 10
	fragments := stream(bytes.Repeat(stream(sent(0x00, "x"), sent(0x00, "")), 100), sent(0x89, "p"))
	onEveryDoor(t, func(t *testing.T, d door) {
		u, _ := d.meets(t, &WebSocket{MessageLimit: limit}, func(r *rogue) {
			r.says(sent(0x02, ""))
			go r.says(bytes.Repeat(fragments, limit/100+1))
			r.listens()
		})
		_, err := u.all()
		same(t, "the reason", code(err), "FrameTooLarge")
		u.abort()
	})
}

// spate is a driver that always has more: fragments of nothing.
type spate struct {
	driver
	fragments []byte
	taken     int
}

func (s *spate) take() ([]byte, error) {
	if s.taken++; s.taken > 1000 {
		return nil, io.EOF
	}
	return s.fragments, nil
}

// Empty fragments without an end are never a message, and cost no memory; but whoever
// reads has other things to do as well.
func TestEmptyFragmentsWithoutAnEndDoNotKeepTheReader(t *testing.T) {
	pipe(t, testLimits, sent(0x02, ""), func(t *testing.T, w *wire) {
		flood := &spate{driver: w.c.driver, fragments: bytes.Repeat(sent(0x00, ""), 1000)}
		w.c.driver = flood
		synctest.Wait()
		<-w.bell // for what had come with the upgrade
		_, err := w.c.Read()
		same(t, "the read", err, ErrWouldBlock)
		<-w.bell // there is more
		if flood.taken > 100 {
			t.Errorf("%d buffers were read at once", flood.taken)
		}
	})
}
