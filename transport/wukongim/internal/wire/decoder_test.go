package wire

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// frames feeds a stream in pieces of the given sizes, over and over, and tells what
// came out of it.
func frames(d *Decoder, in []byte, sizes ...int) []string {
	var out []string
	for i := 0; len(in) > 0; i++ {
		n := min(sizes[i%len(sizes)], len(in))
		// A buffer of its own, so that a frame that aliases another piece shows.
		piece := bytes.Clone(in[:n])
		in = in[n:]
		for rest := piece; len(rest) > 0; {
			f, after, ok, err := d.Next(rest)
			if err != nil {
				return append(out, err.Error())
			}
			if ok {
				out = append(out, fmt.Sprintf("%s %x %x", f.Type, f.Flags, f.Body))
			}
			rest = after
		}
		for j := range piece {
			piece[j] = 0xee
		}
	}
	return out
}

// stream is every frame of the vectors, one after another, in an order that is
// always the same.
func stream(t testing.TB) (in []byte, want []string) {
	names := slices.Sorted(maps.Keys(written()))
	for _, name := range append(names, names...) {
		frame := vector(t, name)
		in = append(in, frame...)
		body := frame[1:]
		if len(body) > 0 {
			body = body[1:]
			if frame[1]&0x80 != 0 {
				body = body[1:]
			}
		}
		want = append(want, fmt.Sprintf("%s %x %x", Type(frame[0]>>4), frame[0]&0x0f, body))
	}
	return in, want
}

func TestAStreamMeansTheSameHoweverItIsSplit(t *testing.T) {
	in, want := stream(t)
	for _, sizes := range [][]int{{len(in)}, {1}, {2}, {3, 1}, {7}, {64, 1}, {1000}} {
		if got := frames(new(Decoder), in, sizes...); !slices.Equal(got, want) {
			t.Errorf("in pieces of %d:\n got %q\nwant %q", sizes, got, want)
		}
	}
	for cut := range in {
		if got := frames(new(Decoder), in, cut, len(in)); cut > 0 && !slices.Equal(got, want) {
			t.Errorf("cut after %d bytes:\n got %q\nwant %q", cut, got, want)
		}
	}
	random := rand.New(rand.NewPCG(4, 2))
	for range 200 {
		sizes := make([]int, 16)
		for i := range sizes {
			sizes[i] = 1 + random.IntN(90)
		}
		if got := frames(new(Decoder), in, sizes...); !slices.Equal(got, want) {
			t.Errorf("in pieces of %d:\n got %q\nwant %q", sizes, got, want)
		}
	}
}

func TestEveryPrefixOfAFrameWaitsForTheRest(t *testing.T) {
	for name := range written() {
		frame := vector(t, name)
		for n := range frame {
			var d Decoder
			for _, part := range [][]byte{frame[:n], nil} {
				if f, rest, ok, err := d.Next(part); ok || err != nil || len(rest) > 0 {
					t.Fatalf("%d bytes of %s gave %v, %x, %v", n, name, f, rest, err)
				}
			}
			f, rest, ok, err := d.Next(frame[n:])
			if !ok || err != nil || len(rest) > 0 || !bytes.HasSuffix(frame, f.Body) {
				t.Fatalf("%s after %d bytes gave %v, %x, %v", name, n, f, rest, err)
			}
			if d.body != nil || d.inside {
				t.Fatalf("%s left %+v behind", name, d)
			}
		}
	}
}

func TestWhatIsNoFrameEndsTheStreamForGood(t *testing.T) {
	for sentence, c := range map[string]struct{ in, want string }{
		"the reserved type 0":        {"00", "receive: ProtocolError: a frame has the reserved type 0"},
		"the reserved type 13":       {"d0", "receive: ProtocolError: a frame has the reserved type 13"},
		"the reserved type 15":       {"ff01", "receive: ProtocolError: a frame has the reserved type 15"},
		"a length of five bytes":     {"5080808080", "receive: ProtocolError: the length of a RECV has more than 4 bytes"},
		"one byte above the limit":   {"50818040", "receive: FrameTooLarge: a RECV announces 1048577 bytes; the limit is 1048576"},
		"2 MiB":                      {"30808080010101", "receive: FrameTooLarge: a SEND announces 2097152 bytes; the limit is 1048576"},
		"the largest length":         {"90ffffff7f", "receive: FrameTooLarge: a DISCONNECT announces 2097151 bytes; the limit is 1048576"},
		"too much, said by 3 bytes":  {"50ffffff", "receive: FrameTooLarge: a RECV announces 2097151 bytes; the limit is 1048576"},
		"a reserved type after ping": {"70707fe0", "PING 0 |PING 0 |PING f |receive: ProtocolError: a frame has the reserved type 14"},
	} {
		t.Run(sentence, func(t *testing.T) {
			in, _ := hex.DecodeString(c.in)
			for _, size := range []int{1, 2, len(in)} {
				var d Decoder
				if got := strings.Join(frames(&d, in, size), "|"); got != c.want {
					t.Errorf("in pieces of %d it went\n%q, and should go\n%q", size, got, c.want)
				}
				if _, _, ok, err := d.Next([]byte{0x70}); ok || err == nil || !strings.HasSuffix(c.want, err.Error()) {
					t.Errorf("then a ping gave %v, %v", ok, err)
				}
				if cap(d.body) > 0 {
					t.Errorf("%d bytes were taken", cap(d.body))
				}
			}
		})
	}
}

func TestAFrameOfTheLargestSizeIsRead(t *testing.T) {
	p := &Event{Data: bytes.Repeat([]byte("x"), MaxBody-12)}
	frame, err := p.Append(nil, 5)
	if err != nil || len(frame) != MaxBody+4 {
		t.Fatal(len(frame), err)
	}
	p.Data = append(p.Data, 'x')
	if over, err := p.Append(nil, 5); err == nil {
		t.Errorf("%d bytes were written", len(over))
	}
	want := fmt.Sprintf("EVENT 0 %x", frame[4:])
	for _, size := range []int{len(frame), 4096, 100_000} {
		if got := frames(new(Decoder), frame, size); len(got) != 1 || got[0] != want {
			t.Errorf("in pieces of %d it gave %d frames: %.100q", size, len(got), got)
		}
	}
}

func TestMemoryIsTakenForWhatArrivesNotForWhatIsAnnounced(t *testing.T) {
	var d Decoder
	in := []byte{0x50, 0x80, 0x80, 0x40} // 1 MiB
	in = append(in, make([]byte, 1000)...)
	if _, _, ok, err := d.Next(in); ok || err != nil {
		t.Fatal(ok, err)
	}
	if cap(d.body) > 2*1000 {
		t.Errorf("%d bytes are held for 1000", cap(d.body))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range (MaxBody - 1000) / 1000 {
		if _, _, ok, err := d.Next(in[4:]); ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 3*MaxBody {
		t.Errorf("%d bytes were taken for %d", took, MaxBody)
	}
}

func TestAFrameInOnePieceIsNotCopied(t *testing.T) {
	in, _ := stream(t)
	var d Decoder
	if n := testing.AllocsPerRun(100, func() {
		for rest := in; len(rest) > 0; {
			_, rest, _, _ = d.Next(rest)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
