package transport

import (
	"crypto/tls"
	"io"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

// sealedMalice is what no server may do under TLS, or what it must not be taken for.
type sealedMalice struct {
	version uint16 // of TLS; 0: both
	play    func(r *rogue, f *forger)
	code    messages.Code
	words   string // part of the error
}

// Half a frame.
var half = sent(0x81, "this is cut")[:5]

var sealedMalices = map[string]sealedMalice{
	"a fatal alert between frames": {0, func(_ *rogue, f *forger) {
		_ = f.says(f.seal(recordAlert, []byte{2, 80}))
	}, messages.ReasonTLS, "internal error"},
	"a fatal alert in the middle of a frame": {0, func(_ *rogue, f *forger) {
		_ = f.says(f.seal(recordApplication, half), f.seal(recordAlert, []byte{2, 80}))
	}, messages.ReasonTLS, "internal error"},
	"a close-notify between frames": {0, func(_ *rogue, f *forger) {
		_ = f.says(f.seal(recordAlert, []byte{1, 0}))
	}, messages.ReasonReadEOF, "EOF"},
	"a close-notify in the middle of a frame": {0, func(_ *rogue, f *forger) {
		_ = f.says(f.seal(recordApplication, half), f.seal(recordAlert, []byte{1, 0}))
	}, messages.ReasonReadEOF, "in the middle of a message"},
	"no close-notify between frames": {0, func(r *rogue, _ *forger) {
		_ = r.sock.CloseWrite()
	}, messages.ReasonReadEOF, "without a close-notify"},
	"no close-notify in the middle of a frame": {0, func(r *rogue, f *forger) {
		_ = f.says(f.seal(recordApplication, half))
		_ = r.sock.CloseWrite()
	}, messages.ReasonReadEOF, "in the middle of a message"},
	"an end in the middle of a record": {0, func(r *rogue, f *forger) {
		_ = f.says(f.seal(recordApplication, sent(0x81, "never seen"))[:9])
		_ = r.sock.CloseWrite()
	}, messages.ReasonReadEOF, "without a close-notify"},
	"garbage instead of a record": {0, func(_ *rogue, f *forger) {
		_ = f.says([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	}, messages.ReasonTLS, "record with version"},
	"a record with more than there may be in one": {0, func(_ *rogue, f *forger) {
		_ = f.says([]byte{recordApplication, 3, 3, 0xff, 0xff})
	}, messages.ReasonTLS, "oversized record"},
	"a record that somebody has changed": {0, func(_ *rogue, f *forger) {
		record := f.seal(recordApplication, sent(0x81, "changed"))
		record[len(record)-1] ^= 1
		_ = f.says(record)
	}, messages.ReasonTLS, "bad record MAC"},
	"a record of no known type": {0, func(_ *rogue, f *forger) {
		_ = f.says(f.seal(99, []byte("what is this?")))
	}, messages.ReasonTLS, "unexpected message"},
	"empty records for ever": {0, func(_ *rogue, f *forger) {
		for f.says(f.seal(recordApplication, nil)) == nil {
			continue
		}
	}, messages.ReasonTLS, "too many ignored records"},
	"alerts that mean nothing, for ever": {0, func(_ *rogue, f *forger) {
		for f.says(f.seal(recordAlert, []byte{1, 90})) == nil {
			continue
		}
	}, messages.ReasonTLS, "too many ignored records"},
	"a wish to renegotiate": {tls.VersionTLS12, func(_ *rogue, f *forger) {
		_ = f.says(f.seal(recordHandshake, []byte{0, 0, 0, 0}))
	}, messages.ReasonTLS, "no renegotiation"},
	"new keys and nothing else, for ever": {tls.VersionTLS13, func(_ *rogue, f *forger) {
		for f.says(f.update(0)) == nil {
			continue
		}
	}, messages.ReasonTLS, "too many non-advancing records"},
	"a message of the handshake that is out of place": {tls.VersionTLS13, func(_ *rogue, f *forger) {
		_ = f.says(f.seal(recordHandshake, []byte{20, 0, 0, 4, 1, 2, 3, 4}))
	}, messages.ReasonTLS, "unexpected"},
}

// What goes wrong under TLS ends the connection after what came before it, with a reason
// that says what was wrong.
func TestWhatGoesWrongUnderTLSHasAReasonThroughEveryDoor(t *testing.T) {
	for version, name := range map[uint16]string{tls.VersionTLS12: "TLS 1.2", tls.VersionTLS13: "TLS 1.3"} {
		onSecureDoors(t, version, func(t *testing.T, d door) {
			for sentence, m := range sealedMalices {
				if m.version != 0 && m.version != version {
					continue
				}
				t.Run(name+", "+sentence, func(t *testing.T) {
					u, _ := d.meets(t, new(WebSocket), func(r *rogue) {
						f := r.forges(t)
						if f.says(f.seal(recordApplication, sent(0x81, "before"))) == nil {
							m.play(r, f)
						}
						r.hold()
					})
					heard, err := u.all()
					same(t, "what was heard", heard, "before")
					same(t, "the reason", code(err), m.code.String())
					reason, _ := messages.ReasonOf(err)
					if all := err.Error() + " " + reason.Wire.Text; !strings.Contains(all, m.words) {
						t.Errorf("%q says nothing about %q", all, m.words)
					}
					if strings.Contains(err.Error(), "ws://") {
						t.Errorf("%q gives the wrong advice", err)
					}
					u.abort()
				})
			}
		})
	}
}

// Records that come byte by byte are whole in the end, whatever is in them.
func TestRecordsWithFramesThatComeByteByByte(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		onSecureDoors(t, version, func(t *testing.T, d door) {
			u, _ := d.meets(t, new(WebSocket), func(r *rogue) {
				f := r.forges(t)
				f.sock = drip{r.sock}
				for i := range 20 {
					first := byte(0)
					if i == 0 {
						first = 2
					}
					frame := sent(first, "fragment")
					_ = f.says(f.seal(recordApplication, frame[:1]), f.seal(recordApplication, nil), f.seal(recordApplication, frame[1:]))
				}
				_ = f.says(f.seal(recordApplication, stream(sent(0x80, ""), sent(0x88, "\x03\xe8"))))
				r.hold()
			})
			said, err := u.all()
			same(t, "what was heard", said, strings.Repeat("fragment", 20))
			same(t, "the end", code(err), "PeerClose")
			u.abort()
		})
	}
}

// Whoever allows a server to renegotiate has a connection that can: crypto/tls waits for
// the server's answer while it reads. It does not wait for a server that has gone.
func TestAServerThatMayRenegotiateAndGoes(t *testing.T) {
	onSecureDoors(t, tls.VersionTLS12, func(t *testing.T, d door) {
		hello := make(chan bool, 1)
		web := d.trusts(new(WebSocket))
		web.TLS.Renegotiation = tls.RenegotiateFreelyAsClient
		u, _ := d.meets(t, web, func(r *rogue) {
			f := r.forges(t)
			_ = f.says(f.seal(recordApplication, sent(0x81, "before")), f.seal(recordHandshake, []byte{0, 0, 0, 0}))
			header := make([]byte, 5)
			_, err := io.ReadFull(r.sock, header)
			hello <- err == nil && header[0] == recordHandshake
			_ = r.sock.CloseWrite()
			r.hold()
		})
		heard, err := u.all()
		same(t, "what was heard", heard, "before")
		same(t, "the reason", code(err), "ReadEOF")
		same(t, "a hello came", <-hello, true)
		u.abort()
	})
}
