package wstest

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
)

func TestServerEchoesOverTCPAndTLS(t *testing.T) {
	for name, start := range map[string]func(...Option) *Server{"ws": NewServer, "wss": NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			server := start(WithTest(t))
			c := connect(t, server.URL+"/a", nil, server.ClientTLS)
			c.send(ws.OpText, "hello")
			c.send(ws.OpPing, "x")
			c.sees(`text "hello"`, `pong "x"`)
			c.send(ws.OpClose, string(closeBody(1000, "bye")))
			c.sees("close 1000")
		})
	}
}

func TestNetworkEchoesInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork()
		var transcript Transcript
		server := network.NewServer("chat.example", WithTest(t), WithTranscript(&transcript))
		c := connect(t, server.URL+"/a", network.Dial, nil)
		c.send(ws.OpText, "hello")
		c.sees(`text "hello"`)
		c.send(ws.OpClose, string(closeBody(1000, "bye")))
		c.sees("close 1000", "eof")
		_ = c.Close()
		synctest.Wait()
		if d := transcript.Diff(`
			peer>  101
			us>    text "hello"
			peer>  text "hello"
			us>    close 1000 "bye"
		`); d != "" {
			t.Error(d)
		}
		if network.Open() != 0 || server.MaxOpen("/a") != 1 || network.MaxOpen() != 1 {
			t.Error("counted wrong")
		}
	})
}

func TestServerGoesDownAndComesUpOnTheSameAddress(t *testing.T) {
	network := NewNetwork()
	for name, start := range map[string]struct {
		server *Server
		dial   netDial
	}{
		"tcp":     {NewServer(WithTest(t)), nil},
		"network": {network.NewServer("host:8080", WithTest(t)), network.Dial},
	} {
		t.Run(name, func(t *testing.T) {
			server := start.server
			c := connect(t, server.URL, start.dial, nil)
			server.Down()
			if _, _, err := try(t.Context(), server.URL, start.dial, nil); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Error(err)
			}
			c.send(ws.OpText, "still here")
			c.sees(`text "still here"`)
			server.Drop()
			c.sees("eof")
			if err := server.Up(); err != nil {
				t.Fatal(err)
			}
			connect(t, server.URL, start.dial, nil)
		})
	}
}

func TestHandleConcernsTheNextConnection(t *testing.T) {
	server := NewServer(WithTest(t), WithHandler(Sequence(Push("1"), Push("2"))))
	first := connect(t, server.URL, nil, nil)
	first.sees(`text "1"`)
	connect(t, server.URL, nil, nil).sees(`text "2"`)
	connect(t, server.URL, nil, nil).sees(`text "2"`)
	server.Handle(Push("new"))
	connect(t, server.URL, nil, nil).sees(`text "new"`)
	conns, err := server.Await(t.Context(), 4)
	if err != nil {
		t.Fatal(err)
	}
	conns[0].Kick(4001, "")
	first.sees("close 4001")
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	server := NewServer(WithTest(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := server.Await(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestServerCountsByKeyAndTellsEveryDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork()
		byToken := func(r *http.Request) string { return r.URL.Query().Get("token") }
		one := network.NewServer("one", WithTest(t), WithKey(byToken))
		two := network.NewServer("two", WithTest(t), WithKey(byToken))
		began := time.Now()
		for i := range 3 { // one after the other, not waiting for the server
			c := connect(t, one.URL+"?token=a", network.Dial, nil)
			_ = c.Close()
			time.Sleep(time.Duration(i) * time.Second)
		}
		if one.MaxOpen("a") != 1 || network.Open() != 0 {
			t.Error(one.MaxOpen("a"), network.Open())
		}
		connect(t, one.URL+"?token=b", network.Dial, nil)
		connect(t, two.URL+"?token=b", network.Dial, nil)
		synctest.Wait()
		type counts struct{ one, two, both, all, open, live int }
		got := counts{one.MaxOpen("b"), two.MaxOpen("b"), network.MaxOpen("b"), network.MaxOpen(), network.Open(), len(one.Conns("b"))}
		if want := (counts{1, 1, 2, 2, 2, 1}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		var gaps []time.Duration
		for _, dial := range one.Dials() {
			gaps = append(gaps, dial.At.Sub(began))
		}
		if want := []time.Duration{0, 0, time.Second, 3 * time.Second}; len(gaps) != 4 || [4]time.Duration(gaps) != [4]time.Duration(want) {
			t.Error(gaps)
		}
	})
}

func TestKickDoesNotWaitForeverForTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork()
		server := network.NewServer("host", WithTest(t))
		c := connect(t, server.URL, network.Dial, nil)
		synctest.Wait()
		began := time.Now()
		server.Conns()[0].Kick(4001, "replaced")
		c.sees(`close 4001 "replaced"`, "eof")
		if took := time.Since(began); took != closeTimeout {
			t.Error(took)
		}
	})
}

func TestTranscriptTellsTheWholeStory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork()
		var transcript Transcript
		server := network.NewServer("host", WithTest(t), WithTranscript(&transcript), WithHandler(Sequence(
			Refuse(503, "Retry-After: 3"),
			func(c *Conn) { c.Expect("hello"); c.Send("hi"); c.Close(4001, "replaced") },
			Greet("INFO", Echo()),
		)))
		if _, _, err := try(t.Context(), server.URL, network.Dial, nil); err == nil {
			t.Error("the server did not refuse")
		}
		c := greet(t, server.URL, network.Dial)
		c.sees(`text "hi"`, `close 4001 "replaced"`)
		c.send(ws.OpClose, string(closeBody(4001, "")))
		transcript.Add("status %s", "Kicked")
		transcript.Sleep(24 * time.Hour)
		c = greet(t, server.URL, network.Dial)
		c.sees(`text "INFO"`, `text "hello"`)
		c.send(ws.OpPing, "")
		c.sees(`pong ""`)
		_ = c.Close()
		synctest.Wait()
		if d := transcript.Diff(`
			peer>  503 Retry-After: 3
			peer>  101
			us>    text "hello"
			peer>  text "hi"
			peer>  close 4001 "replaced"
			status Kicked
			+24h
			peer>  101                   # and a greeting with it
			peer>  text "INFO"
			us>    text "hello"
			peer>  text "hello"
			us>    eof
		`); d != "" {
			t.Error(d)
		}
	})
}
