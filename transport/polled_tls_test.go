//go:build linux && !goroutines

package transport

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
)

// drip writes byte by byte.
type drip struct{ net.Conn }

func (d drip) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := d.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// secured is a connection with TLS that the poller watches; the peer plays.
func secured(t *testing.T, drips bool, peer func(*tls.Conn)) (*user, *conn) {
	t.Helper()
	pair, roots := certificate(t)
	addr := serve(t, func(sock net.Conn) {
		if drips {
			sock = drip{sock}
		}
		secure := tls.Server(sock, &tls.Config{Certificates: []tls.Certificate{pair}})
		if secure.Handshake() == nil {
			peer(secure)
		}
	})
	dialed, err := dial(t, &TCP{TLS: &tls.Config{RootCAs: roots, ServerName: "example.com"}}, Target{URL: "tls://" + addr})
	if err != nil {
		t.Fatal(err)
	}
	c := dialed.(*conn)
	if d, ok := c.driver.(*polled); !ok || d.secure == nil {
		t.Fatalf("its driver is a %T", c.driver)
	}
	return use(t, c), c
}

// all reads until the end.
func (u *user) all() (string, error) {
	var all strings.Builder
	for {
		frame, err := u.read()
		all.Write(frame.Data)
		if err != nil {
			return all.String(), err
		}
	}
}

func TestAnIdleConnectionWithTLSHoldsNoGoroutine(t *testing.T) {
	u, c := secured(t, false, func(peer *tls.Conn) {
		_, _ = io.WriteString(peer, "hello")
		_, _ = io.Copy(io.Discard, peer)
	})
	frame, err := u.read()
	same(t, "the first word", string(frame.Data), "hello")
	same(t, "its error", err, nil)
	for err == nil {
		_, err = c.Read()
	}
	same(t, "then", err, ErrWouldBlock)
	quiet(t)
	u.abort()
}

func TestRecordsThatComeByteByByte(t *testing.T) {
	u, c := secured(t, true, func(peer *tls.Conn) {
		said := make([]byte, 5)
		if _, err := io.ReadFull(peer, said); err == nil {
			_, _ = io.WriteString(peer, "you said "+string(said))
		}
		_ = peer.CloseWrite()
		_, _ = io.Copy(io.Discard, peer)
	})
	if err := c.Write(Frame{FrameBinary, []byte("hello")}); err != nil {
		t.Fatal(err)
	}
	said, err := u.all()
	same(t, "what was heard", said, "you said hello")
	same(t, "the end", code(err), "ReadEOF")
}

func TestAPeerThatHangsUpWithoutAWordOfTLS(t *testing.T) {
	u, _ := secured(t, false, func(peer *tls.Conn) {
		_, _ = io.WriteString(peer, "hello")
		_ = peer.NetConn().Close()
	})
	said, err := u.all()
	same(t, "what was heard", said, "hello")
	same(t, "the end", code(err), "ReadEOF")
}

func TestARecordThatIsNone(t *testing.T) {
	u, _ := secured(t, false, func(peer *tls.Conn) {
		_, _ = io.WriteString(peer, "hello")
		_, _ = io.WriteString(peer.NetConn(), "what is this?")
		_, _ = io.Copy(io.Discard, peer.NetConn())
	})
	said, err := u.all()
	same(t, "what was heard", said, "hello")
	same(t, "the end", code(err), "TLS")
}

// More than the system takes at once, sealed, arrives as it was.
func TestWhatDoesNotFitIsWrittenWithTLSAsWell(t *testing.T) {
	got := make(chan int64, 1)
	hold := make(chan struct{})
	u, c := secured(t, false, func(peer *tls.Conn) {
		<-hold
		n, _ := io.Copy(io.Discard, peer)
		got <- n
	})
	const frames, size = 12, 256 << 10
	for range frames {
		if err := c.Write(Frame{FrameBinary, make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
	}
	close(hold)
	u.wrote(frames)
	_ = c.Close(0, "")
	_, err := u.all()
	same(t, "the end", code(err), "ReadEOF")
	same(t, "bytes", <-got, int64(frames*size))
}
