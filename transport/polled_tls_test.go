//go:build linux && !goroutines

package transport

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
)

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

// A server that asks for new keys again and again, and takes none of the answers, is not
// heard any more until it does: the answers would fill the memory.
func TestAnswersThatNobodyTakesAreBounded(t *testing.T) {
	door := door{secure: true, version: tls.VersionTLS13}
	full, stopped := make(chan struct{}), make(chan struct{})
	const questions = 2 * maxOwed / 16
	u, c := door.meets(t, &WebSocket{WriteLimit: 64 << 20}, func(r *rogue) {
		f := r.forges(t)
		<-full
		var listener sync.WaitGroup
		listener.Go(func() { <-stopped; r.hold() })
		for range questions {
			_ = f.says(f.seal(recordApplication, sent(0x81, "x")), f.update(1))
		}
		_ = f.says(f.seal(recordApplication, sent(0x88, "\x03\xe8")))
		listener.Wait()
	})
	for range 48 {
		_ = c.Write(Frame{FrameBinary, make([]byte, 256<<10)})
	}
	if c.Written() == 48 {
		t.Fatal("the system has taken everything at once; that proves nothing")
	}
	close(full)
	heard, owed := 0, c.driver.(*polled).owed
	for owed() <= maxOwed {
		frame, err := c.Read()
		switch {
		case err == nil:
			heard += len(frame.Data)
		case errors.Is(err, ErrWouldBlock):
			<-u.bell
		default:
			t.Fatal(err)
		}
	}
	_, err := c.Read()
	same(t, "one more", err, ErrWouldBlock)
	if n := owed(); n > maxOwed+readSize {
		t.Errorf("%d bytes of answers wait", n)
	}
	close(stopped)
	more, err := u.all()
	same(t, "what was heard", heard+len(more), questions)
	same(t, "the end", code(err), "PeerClose")
	u.abort()
}
