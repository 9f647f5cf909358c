package wstest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// plug makes one connection of a network and returns both ends.
func plug(t *testing.T, n *Network) (client, server net.Conn) {
	t.Helper()
	l, err := n.Listen("host:1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if client, err = n.Dial(t.Context(), "tcp", "host:1"); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close(); _ = server.Close() })
	return client, server
}

// bubble runs a test over one connection in virtual time.
func bubble(t *testing.T, test func(t *testing.T, n *Network, client, server net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		client, server := plug(t, n)
		test(t, n, client, server)
	})
}

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// read is what comes next, within an hour.
func read(c net.Conn) (string, error) {
	_ = c.SetReadDeadline(time.Now().Add(time.Hour))
	b := make([]byte, 1<<20)
	n, err := c.Read(b)
	_ = c.SetReadDeadline(time.Time{})
	return string(b[:n]), err
}

func wantRead(t *testing.T, c net.Conn, text string, want error) {
	t.Helper()
	if got, err := read(c); got != text || !errors.Is(err, want) {
		t.Fatalf("read %q and %v, want %q and %v", got, err, text, want)
	}
}

func TestCutHoldsWhatIsWrittenUntilMend(t *testing.T) {
	bubble(t, func(t *testing.T, n *Network, client, server net.Conn) {
		write(t, client, "before ")
		n.Cut()
		write(t, client, "during ")
		_ = client.Close()
		wantRead(t, server, "before ", nil)
		wantRead(t, server, "", os.ErrDeadlineExceeded)
		n.Mend()
		wantRead(t, server, "during ", nil)
		wantRead(t, server, "", io.EOF)
	})
}

func TestWriteBlocksWhenTheBuffersAreFull(t *testing.T) {
	bubble(t, func(t *testing.T, n *Network, client, server net.Conn) {
		n.Cut()
		_ = client.SetWriteDeadline(time.Now().Add(time.Minute))
		began := time.Now()
		written, err := client.Write(make([]byte, capacity+1))
		if written != capacity || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Minute {
			t.Fatalf("wrote %d in %s: %v", written, time.Since(began), err)
		}
		n.Mend()
		_ = client.SetWriteDeadline(time.Time{})
		var group sync.WaitGroup
		group.Go(func() { write(t, client, "last") })
		rest := make([]byte, capacity+4)
		if _, err := io.ReadFull(server, rest); err != nil || !bytes.HasSuffix(rest, []byte("last")) {
			t.Fatal(err)
		}
		group.Wait()
	})
}

func TestDeadlinesWakeWhoWaits(t *testing.T) {
	bubble(t, func(t *testing.T, _ *Network, client, _ net.Conn) {
		began := time.Now()
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			if waited := time.Since(began); waited != 3*time.Second {
				t.Error(waited)
			}
		})
		synctest.Wait() // the read waits without a deadline, and gets one now
		_ = client.SetDeadline(time.Now().Add(3 * time.Second))
		group.Wait()
		_ = client.SetDeadline(time.Time{})
		group.Go(func() { wantRead(t, client, "", os.ErrDeadlineExceeded) })
		group.Wait()
		if waited := time.Since(began); waited != 3*time.Second+time.Hour {
			t.Error(waited)
		}
	})
}

func TestResetReachesBothSidesAfterWhatArrived(t *testing.T) {
	bubble(t, func(t *testing.T, n *Network, client, server net.Conn) {
		write(t, server, "goodbye")
		n.Reset()
		wantRead(t, client, "goodbye", nil)
		wantRead(t, client, "", syscall.ECONNRESET)
		wantRead(t, server, "", syscall.ECONNRESET)
		if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	})
}

func TestDropIsACleanEndAndTheFirstWriteAfterItVanishes(t *testing.T) {
	bubble(t, func(t *testing.T, n *Network, client, server net.Conn) {
		write(t, server, "goodbye")
		n.Drop()
		wantRead(t, client, "goodbye", nil)
		wantRead(t, client, "", io.EOF)
		write(t, client, "into the void")
		if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Error(err)
		}
		if _, err := server.Read(nil); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestCloseWriteLeavesTheOtherWayOpen(t *testing.T) {
	bubble(t, func(t *testing.T, _ *Network, client, server net.Conn) {
		write(t, client, "all")
		_ = client.(interface{ CloseWrite() error }).CloseWrite()
		wantRead(t, server, "all", nil)
		wantRead(t, server, "", io.EOF)
		write(t, server, "answer")
		wantRead(t, client, "answer", nil)
	})
}

func TestLatencyDelaysBytesEndingsAndDials(t *testing.T) {
	bubble(t, func(t *testing.T, n *Network, client, server net.Conn) {
		began := time.Now()
		n.SetLatency(50 * time.Millisecond)
		write(t, client, "a")
		time.Sleep(10 * time.Millisecond)
		write(t, client, "b")
		_ = client.Close()
		for _, step := range []struct {
			text string
			err  error
			at   time.Duration
		}{{"a", nil, 50 * time.Millisecond}, {"b", nil, 60 * time.Millisecond}, {"", io.EOF, 60 * time.Millisecond}} {
			wantRead(t, server, step.text, step.err)
			if at := time.Since(began); at != step.at {
				t.Errorf("%q came after %s, want %s", step.text, at, step.at)
			}
		}
		began = time.Now()
		if _, err := n.Dial(t.Context(), "tcp", "host:1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Error(took)
		}
	})
}

func TestDialSaysWhyNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		client, _ := plug(t, n) // host exists, and nobody listens there any more
		_ = client.Close()
		_, err := n.Dial(t.Context(), "tcp", "HOST:1")
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
		_, err = n.Dial(t.Context(), "tcp", "nowhere.example:1")
		var dns *net.DNSError
		if !errors.As(err, &dns) || !dns.IsNotFound || dns.Name != "nowhere.example" {
			t.Error(err)
		}
		if n.Open() != 0 || len(n.Dials()) != 3 {
			t.Error(n.Open(), n.Dials())
		}
	})
}

func TestDialHangsWhileCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		l, _ := n.Listen("host:1")
		defer func() { _ = l.Close() }()
		n.Cut()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		_, err := n.Dial(ctx, "tcp", "host:1")
		var timeout net.Error
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Error(err)
		}
		time.AfterFunc(time.Minute, n.Mend)
		c, err := n.Dial(t.Context(), "tcp", "host:1")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if waited := time.Since(began); waited != 70*time.Second {
			t.Error(waited)
		}
	})
}

func TestListenerCloseResetsItsBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		l, _ := n.Listen("host:1")
		if _, err := n.Listen("host:1"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Error(err)
		}
		c, err := n.Dial(t.Context(), "tcp", "host:1")
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		wantRead(t, c, "", syscall.ECONNRESET)
		_ = c.Close()
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if len(n.pairs) != 0 {
			t.Error("a connection is left")
		}
	})
}
