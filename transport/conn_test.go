package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/seed14814784/holdfast/messages"
)

var testLimits = &limits{message: 1 << 20, frame: 1 << 20, write: 1 << 20, writeTimeout: 10 * time.Second}

// wire is both ends of a connection over net.Pipe: the conn, driven by a user,
// and the peer's end.
type wire struct {
	*user
	peer net.Conn
	c    *conn
}

// pipe runs a test in a bubble of virtual time.
func pipe(t *testing.T, limits *limits, leftover []byte, test func(t *testing.T, w *wire)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { _ = theirs.Close() })
		c := newConn(ours, ours, false, false, leftover, ConnInfo{}, limits)
		test(t, &wire{user: use(t, c), peer: theirs, c: c})
	})
}

// says writes bytes as the peer, from a goroutine of its own.
func (w *wire) says(b []byte) { go func() { _, _ = w.peer.Write(b) }() }

// hears reads one frame as the peer.
func (w *wire) hears() string {
	frame, err := readFrame(w.peer)
	if err != nil {
		return err.Error()
	}
	if !frame.Header.Masked {
		return "not masked"
	}
	return fmt.Sprintf("%d %q", frame.Header.OpCode, ws.UnmaskFrameInPlace(frame).Payload)
}

// reads renders what Read returns next.
func (w *wire) reads() string {
	frame, err := w.read()
	if err != nil {
		reason, _ := messages.ReasonOf(err)
		return fmt.Sprintf("%s %d %q", reason.Code.String(), reason.Wire.Code, reason.Wire.Text)
	}
	return fmt.Sprintf("%d %q", frame.Kind, frame.Data)
}

func code(err error) string {
	reason, ok := messages.ReasonOf(err)
	if !ok {
		return fmt.Sprint(err)
	}
	return reason.Code.String()
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func TestReadWouldBlockUntilAFrameIsHere(t *testing.T) {
	pipe(t, testLimits, nil, func(t *testing.T, w *wire) {
		_, err := w.c.Read()
		same(t, "before", err, ErrWouldBlock)
		frame := sent(0x81, "hello")
		w.says(frame[:4])
		synctest.Wait()
		_, err = w.c.Read()
		same(t, "half a frame", err, ErrWouldBlock)
		w.says(frame[4:])
		same(t, "the rest", w.reads(), `0 "hello"`)
	})
}

func TestFramesThatCameWithTheUpgradeAreReadFirst(t *testing.T) {
	pipe(t, testLimits, stream(sent(0x81, "INFO"), sent(0x82, "x")[:1]), func(t *testing.T, w *wire) {
		same(t, "first", w.reads(), `0 "INFO"`)
		w.says(sent(0x82, "x")[1:])
		same(t, "second", w.reads(), `1 "x"`)
	})
}

func TestASlowReaderStopsTheReading(t *testing.T) {
	pipe(t, testLimits, nil, func(t *testing.T, w *wire) {
		wrote := 0
		go func() {
			for {
				if _, err := w.peer.Write(sent(0x82, strings.Repeat("x", 100))); err != nil {
					return
				}
				wrote++
			}
		}()
		synctest.Wait()
		time.Sleep(time.Hour)
		if wrote > idleRead/100 {
			t.Errorf("%d frames were taken from a peer that nobody listens to", wrote)
		}
		for range 1000 {
			same(t, "a frame", w.reads()[:6], `1 "xxx`)
		}
		w.abort()
	})
}

func TestPingIsAnsweredAndSeen(t *testing.T) {
	pipe(t, testLimits, nil, func(t *testing.T, w *wire) {
		w.says(sent(0x89, "are you there"))
		same(t, "read", w.reads(), `2 "are you there"`)
		same(t, "heard", w.hears(), `10 "are you there"`)
		same(t, "written", w.c.Written(), uint64(0))
	})
}

func TestOnlyTheLatestPongWaits(t *testing.T) {
	pipe(t, testLimits, nil, func(t *testing.T, w *wire) {
		_ = w.c.Write(Frame{FrameText, []byte("blocks the flusher")})
		synctest.Wait()
		for i := range 1000 {
			w.says(sent(0x89, fmt.Sprint(i)))
			w.reads()
		}
		_ = w.c.Write(Frame{FrameText, []byte("after")})
		same(t, "first", w.hears(), `1 "blocks the flusher"`)
		same(t, "the pong overtakes", w.hears(), `10 "999"`)
		same(t, "then", w.hears(), `1 "after"`)
	})
}

func TestWriteNeverBlocksAndIsBounded(t *testing.T) {
	small := *testLimits
	small.write = 100
	pipe(t, &small, nil, func(t *testing.T, w *wire) {
		frame := Frame{FrameBinary, make([]byte, 34)} // 40 bytes on the wire
		same(t, "first", w.c.Write(frame), nil)
		same(t, "second", w.c.Write(frame), nil)
		same(t, "third", code(w.c.Write(frame)), "SlowConsumer")
		same(t, "too large ever", code(w.c.Write(Frame{FrameBinary, make([]byte, 95)})), "TooLarge")
		same(t, "a ping of 126 bytes", code(w.c.Write(Frame{FramePing, make([]byte, 126)})), "TooLarge")
		same(t, "an unknown kind", code(w.c.Write(Frame{Kind: 9})), "NotSupported")
		same(t, "written", w.c.Written(), uint64(0))
		w.hears()
		w.hears()
		w.wrote(2)
		same(t, "again", w.c.Write(frame), nil)
		w.hears()
		w.wrote(3)
	})
}

func TestWrittenCountsOnlyFramesThatWentEntirely(t *testing.T) {
	pipe(t, testLimits, nil, func(t *testing.T, w *wire) {
		for range 3 {
			_ = w.c.Write(Frame{FrameBinary, make([]byte, 14)}) // 20 bytes on the wire
		}
		_, _ = io.ReadFull(w.peer, make([]byte, 50))
		_ = w.peer.Close()
		w.abort() // Written is final after it
		same(t, "written", w.c.Written(), uint64(2))
	})
}

func TestAPeerThatTakesNothingIsAWriteTimeout(t *testing.T) {
	pipe(t, testLimits, nil, func(t *testing.T, w *wire) {
		start := time.Now()
		_ = w.c.Write(Frame{FrameText, []byte("x")})
		same(t, "ending", w.reads()[:12], "WriteTimeout")
		same(t, "after", time.Since(start), 10*time.Second+lastWords)
		same(t, "later writes", code(w.c.Write(Frame{FrameText, []byte("x")})), "WriteTimeout")
		same(t, "written", w.c.Written(), uint64(0))
	})
}

func TestAPeerThatTakesSlowlyIsNotTimedOut(t *testing.T) {
	pipe(t, testLimits, nil, func(t *testing.T, w *wire) {
		_ = w.c.Write(Frame{FrameBinary, make([]byte, 300_000)})
		for read := 0; read < frameSize(300_000); {
			n, err := w.peer.Read(make([]byte, 60_000))
			if err != nil {
				t.Fatal(err)
			}
			read += n
			time.Sleep(4 * time.Second)
		}
		w.wrote(1)
	})
}

func TestACloseFrameWinsOverTheWriteErrorThatFollowsIt(t *testing.T) {
	pipe(t, testLimits, nil, func(t *testing.T, w *wire) {
		_ = w.c.Write(Frame{FrameText, []byte("nobody takes this")})
		time.Sleep(testLimits.writeTimeout) // writing ends now
		synctest.Wait()
		w.says(stream(sent(0x81, "last words"), sent(0x88, "\x03\xe9going")))
		same(t, "message", w.reads(), `0 "last words"`)
		same(t, "ending", w.reads(), `PeerClose 1001 "going"`)
		same(t, "again", w.reads(), `PeerClose 1001 "going"`)
	})
}

func TestThePeersCloseFrameIsEchoed(t *testing.T) {
	for body, want := range map[string][2]string{
		"\x0f\xa1kicked": {`PeerClose 4001 "kicked"`, `8 "\x0f\xa1"`},
		"":               {`PeerClose 1005 ""`, `8 ""`},
		"\x03\xee":       {`AbnormalClosure 1006 ""`, `8 "\x03\xea"`},
		"x":              {`ProtocolError 0 ""`, `8 "\x03\xeaa close frame has a body of one byte (RFC 6455, 5.5.1)"`},
	} {
		pipe(t, testLimits, nil, func(t *testing.T, w *wire) {
			w.says(sent(0x88, body))
			same(t, "ending", w.reads(), want[0])
			same(t, "write", code(w.c.Write(Frame{FrameText, nil})), "NotConnected")
			same(t, "close", w.c.Close(1000, ""), nil)
			same(t, "echo", w.hears(), want[1])
		})
	}
}

func TestAViolationIsToldToThePeer(t *testing.T) {
	for sentence, c := range map[string]struct {
		in       []byte
		ending   string
		farewell string
	}{
		"masked":    {[]byte{0x81, 0x80, 0, 0, 0, 0}, "ProtocolError", "8 \"\\x03\\xea"},
		"bad text":  {sent(0x81, "\xff"), "ProtocolError", "8 \"\\x03\\xef"},
		"too large": {[]byte{0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 1}, "FrameTooLarge", "8 \"\\x03\\xf1"},
	} {
		t.Run(sentence, func(t *testing.T) {
			pipe(t, testLimits, nil, func(t *testing.T, w *wire) {
				w.says(stream(sent(0x82, "before"), c.in, sent(0x82, "after")))
				same(t, "before", w.reads(), `1 "before"`)
				same(t, "ending", strings.Fields(w.reads())[0], c.ending)
				if got := w.hears(); !strings.HasPrefix(got, c.farewell) {
					t.Errorf("the peer heard %s", got)
				}
			})
		})
	}
}

func TestCloseIsAnsweredAndReadingGoesOnUntilThen(t *testing.T) {
	pipe(t, testLimits, nil, func(t *testing.T, w *wire) {
		_ = w.c.Write(Frame{FrameText, []byte("last")})
		same(t, "forbidden code", code(w.c.Close(1006, "")), "InvalidSpec")
		same(t, "close", w.c.Close(1000, "bye"), nil)
		same(t, "again", w.c.Close(1001, "bye bye"), nil)
		same(t, "write", code(w.c.Write(Frame{FrameText, nil})), "NotConnected")
		same(t, "first", w.hears(), `1 "last"`)
		same(t, "then", w.hears(), `8 "\x03\xe8bye"`)
		w.says(stream(sent(0x89, "no pong after a close frame"), sent(0x81, "still here"), sent(0x88, "\x03\xe8")))
		same(t, "ping", w.reads(), `2 "no pong after a close frame"`)
		same(t, "message", w.reads(), `0 "still here"`)
		same(t, "ending", w.reads(), `PeerClose 1000 ""`)
		w.abort()
		same(t, "nothing more", w.hears(), "EOF")
	})
}

func TestEndOfStream(t *testing.T) {
	pipe(t, testLimits, nil, func(t *testing.T, w *wire) {
		go func() {
			_, _ = w.peer.Write(stream(sent(0x81, "a"), sent(0x81, "b")[:2]))
			_ = w.peer.Close()
		}()
		same(t, "message", w.reads(), `0 "a"`)
		_, err := w.read()
		reason, _ := messages.ReasonOf(err)
		same(t, "ending", reason, messages.Reason{Code: messages.ReasonReadEOF, Detail: "the stream ended in the middle of a message"})
		if !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
}

func TestAbort(t *testing.T) {
	for sentence, test := range map[string]func(t *testing.T, w *wire){
		"calls every done, from wherever": func(t *testing.T, w *wire) {
			done := make(chan int, 20)
			for i := range 10 {
				go w.c.Abort(func() { done <- i })
				w.c.Abort(nil)
			}
			for range 10 {
				<-done
			}
			w.c.Abort(func() { done <- 10 })
			same(t, "after the end", <-done, 10)
			synctest.Wait()
			same(t, "no call is left", len(done), 0)
			same(t, "read", w.reads(), `NotConnected 0 ""`)
			same(t, "write", code(w.c.Write(Frame{})), "NotConnected")
		},
		"does not wait for data": func(t *testing.T, w *wire) {
			start := time.Now()
			_ = w.c.Write(Frame{FrameText, []byte("x")})
			w.abort()
			same(t, "took", time.Since(start), time.Duration(0))
			same(t, "written", w.c.Written(), uint64(0))
		},
		"waits a moment for a close frame": func(t *testing.T, w *wire) {
			start := time.Now()
			_ = w.c.Close(1000, "")
			w.abort()
			same(t, "took", time.Since(start), goodbye)
		},
		"lets a close frame go that is taken": func(t *testing.T, w *wire) {
			start := time.Now()
			_ = w.c.Write(Frame{FrameText, []byte("x")})
			_ = w.c.Close(1000, "")
			done := make(chan struct{})
			w.c.Abort(func() { close(done) })
			same(t, "data", w.hears(), `1 "x"`)
			same(t, "close", w.hears(), `8 "\x03\xe8"`)
			<-done
			same(t, "took", time.Since(start), time.Duration(0))
			same(t, "written", w.c.Written(), uint64(1))
		},
	} {
		t.Run(sentence, func(t *testing.T) { pipe(t, testLimits, nil, test) })
	}
}

func TestAbortBeforeWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := newConn(ours, ours, false, false, []byte("early"), ConnInfo{}, testLimits)
		done := make(chan struct{})
		c.Abort(func() { close(done) })
		<-done
		c.Watch(func() func() { t.Error("notified"); return nil })
		synctest.Wait()
		_, err := theirs.Read(make([]byte, 1))
		same(t, "the peer", err, io.EOF)
	})
}

func TestNotifyMayUseTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := newConn(ours, ours, false, false, nil, ConnInfo{}, testLimits)
		var using sync.Mutex
		frames := 0
		done := make(chan struct{})
		end := sync.OnceFunc(func() { close(done) }) // another report may see the ending, too
		c.Watch(func() func() {
			using.Lock()
			defer using.Unlock()
			for {
				_, err := c.Read()
				if errors.Is(err, ErrWouldBlock) {
					return nil
				}
				if err != nil {
					c.Abort(end)
					return nil
				}
				frames++
				_ = c.Write(Frame{FrameText, []byte("answer")})
			}
		})
		go func() {
			for range 100 {
				_, _ = theirs.Write(sent(0x81, "question"))
			}
			_, _ = theirs.Write(sent(0x88, ""))
		}()
		heard := 0
		for {
			frame, err := readFrame(theirs)
			if err != nil || frame.Header.OpCode == ws.OpClose {
				break
			}
			heard++
		}
		<-done
		same(t, "frames", frames, 100)
		same(t, "answers", heard, 100)
	})
}
