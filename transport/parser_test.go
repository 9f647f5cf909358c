package transport

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

// sent is a frame as a server sends it: first byte and payload, unmasked.
func sent(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n <= 125:
		b = append(b, byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, payload...)
}

func stream(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

// parseAll feeds a stream in pieces of the given sizes, over and over, and
// returns a transcript of what came out.
func parseAll(p *parser, in []byte, sizes ...int) []string {
	var out []string
	for i := 0; len(in) > 0; i++ {
		n := min(sizes[i%len(sizes)], len(in))
		// A buffer of its own, so that a unit that aliases it shows.
		piece := bytes.Clone(in[:n])
		in = in[n:]
		for rest := piece; len(rest) > 0; {
			u, after, ok, err := p.next(rest)
			if err != nil {
				return append(out, fmt.Sprintf("%s %d: %s", err.code.String(), err.close, err.detail))
			}
			if ok {
				out = append(out, fmt.Sprintf("%d %q", u.op, u.data))
			}
			rest = after
		}
		for j := range piece {
			piece[j] = 0xee
		}
	}
	return out
}

func newParser(limit int64) *parser {
	return &parser{limits: &limits{frame: limit, message: limit}}
}

func TestParserJoinsWhatBelongsTogether(t *testing.T) {
	long := strings.Repeat("é", 40_000)
	for sentence, c := range map[string]struct {
		in   []byte
		want []string
	}{
		"a text in one frame":     {sent(0x81, "hé"), []string{`1 "hé"`}},
		"an empty binary message": {sent(0x82, ""), []string{`2 ""`}},
		"three fragments are one message": {
			stream(sent(0x01, "a"), sent(0x00, "b"), sent(0x80, "c")), []string{`1 "abc"`}},
		"control frames come between fragments": {
			stream(sent(0x02, "a"), sent(0x89, "p"), sent(0x8a, ""), sent(0x80, "b")),
			[]string{`9 "p"`, `10 ""`, `2 "ab"`}},
		"a rune may be cut by a fragment": {
			stream(sent(0x01, "\xe2\x82"), sent(0x89, ""), sent(0x80, "\xac")), []string{`9 ""`, `1 "€"`}},
		"lengths of 16 and 64 bits": {
			stream(sent(0x81, long[:60_000]), sent(0x81, long)),
			[]string{fmt.Sprintf("1 %q", long[:60_000]), fmt.Sprintf("1 %q", long)}},
		"a close frame": {sent(0x88, "\x03\xe8bye"), []string{`8 "\x03\xe8bye"`}},
	} {
		t.Run(sentence, func(t *testing.T) {
			for _, size := range []int{1, 2, 3, 7, 1000, len(c.in)} {
				if got := parseAll(newParser(1<<20), c.in, size); !reflect.DeepEqual(got, c.want) {
					t.Errorf("in pieces of %d:\n got %.200v\nwant %.200v", size, got, c.want)
				}
			}
		})
	}
}

func TestParserRefusesWhatRFC6455Forbids(t *testing.T) {
	for sentence, c := range map[string]struct {
		in   []byte
		code messages.Code
		wire int
	}{
		"a masked frame":                     {[]byte{0x81, 0x81, 1, 2, 3, 4, 'x'}, messages.ReasonProtocolError, 1002},
		"RSV1 without compression":           {sent(0xc1, "x"), messages.ReasonProtocolError, 1002},
		"RSV2":                               {sent(0xa1, "x"), messages.ReasonProtocolError, 1002},
		"RSV3 on a ping":                     {sent(0x99, "x"), messages.ReasonProtocolError, 1002},
		"opcode 3":                           {sent(0x83, "x"), messages.ReasonProtocolError, 1002},
		"opcode 11":                          {sent(0x8b, "x"), messages.ReasonProtocolError, 1002},
		"a fragmented ping":                  {sent(0x09, "x"), messages.ReasonProtocolError, 1002},
		"a ping of 126 bytes":                {sent(0x89, strings.Repeat("x", 126)), messages.ReasonProtocolError, 1002},
		"a continuation of nothing":          {sent(0x80, "x"), messages.ReasonProtocolError, 1002},
		"a new message within fragments":     {stream(sent(0x01, "x"), sent(0x81, "y")), messages.ReasonProtocolError, 1002},
		"a length with the highest bit":      {[]byte{0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}, messages.ReasonProtocolError, 1002},
		"125 in 16 bits":                     {[]byte{0x82, 126, 0, 125}, messages.ReasonProtocolError, 1002},
		"65535 in 64 bits":                   {[]byte{0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, messages.ReasonProtocolError, 1002},
		"a text that is not UTF-8":           {sent(0x81, "a\xff"), messages.ReasonProtocolError, 1007},
		"a text that ends within a rune":     {sent(0x81, "\xe2\x82"), messages.ReasonProtocolError, 1007},
		"fragments that end within a rune":   {stream(sent(0x01, "\xe2"), sent(0x80, "\x82")), messages.ReasonProtocolError, 1007},
		"a surrogate, before the text ends":  {sent(0x01, "\xed\xa0"), messages.ReasonProtocolError, 1007},
		"a frame above the limit":            {sent(0x82, strings.Repeat("x", 1001)), messages.ReasonFrameTooLarge, 1009},
		"a frame of 2^62 bytes":              {[]byte{0x82, 127, 0x40, 0, 0, 0, 0, 0, 0, 0}, messages.ReasonFrameTooLarge, 1009},
		"fragments above the limit together": {stream(sent(0x02, strings.Repeat("x", 600)), sent(0x80, strings.Repeat("x", 600))), messages.ReasonFrameTooLarge, 1009},
	} {
		t.Run(sentence, func(t *testing.T) {
			for _, size := range []int{1, 5, len(c.in)} {
				got := parseAll(newParser(1000), c.in, size)
				want := fmt.Sprintf("%s %d: ", c.code.String(), c.wire)
				if len(got) != 1 || !strings.HasPrefix(got[0], want) {
					t.Errorf("in pieces of %d: got %.200q, want %q", size, got, want)
				}
			}
		})
	}
}

func TestParserTakesMemoryForWhatArrivesNotForWhatIsAnnounced(t *testing.T) {
	p := newParser(1 << 30)
	in := []byte{0x82, 127, 0, 0, 0, 0, 0x30, 0, 0, 0} // 768 MiB
	in = append(in, make([]byte, 1000)...)
	if _, _, ok, err := p.next(in); ok || err != nil {
		t.Fatal(ok, err)
	}
	if cap(p.kept.data) > 2*1000+64 {
		t.Errorf("%d bytes are held for 1000", cap(p.kept.data))
	}
}

func TestParserInflatesWithinTheLimit(t *testing.T) {
	text := strings.Repeat("holdfast ", 100)
	small, ok := deflate([]byte(text))
	if !ok {
		t.Fatal("it does not compress")
	}
	for sentence, c := range map[string]struct {
		in    []byte
		limit int64
		want  string
	}{
		"a compressed text":             {sent(0xc1, string(small)), 900, fmt.Sprintf("1 %q", text)},
		"in two fragments":              {stream(sent(0x41, string(small[:5])), sent(0x80, string(small[5:]))), 900, fmt.Sprintf("1 %q", text)},
		"one byte above the limit":      {sent(0xc1, string(small)), 899, "FrameTooLarge 1009: "},
		"RSV1 on a continuation":        {stream(sent(0x41, string(small[:5])), sent(0xc0, string(small[5:]))), 900, "ProtocolError 1002: "},
		"RSV1 on a ping":                {sent(0xc9, ""), 900, "ProtocolError 1002: "},
		"rubbish":                       {sent(0xc1, "\xff\xff\xff"), 900, "ProtocolError 1002: "},
		"an uncompressed text":          {sent(0x81, "plain"), 900, `1 "plain"`},
		"a compressed text, not UTF-8":  {sent(0xc1, string(deflated(strings.Repeat("\xff", 200)))), 900, "ProtocolError 1007: "},
		"a compressed empty message":    {sent(0xc2, "\x00"), 900, `2 ""`},
		"a message cut within its data": {sent(0xc1, string(small[:len(small)-3])), 900, "ProtocolError 1002: "},
	} {
		t.Run(sentence, func(t *testing.T) {
			for _, size := range []int{1, 6, len(c.in)} {
				p := newParser(c.limit)
				p.deflate = true
				got := parseAll(p, c.in, size)
				if len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
					t.Errorf("in pieces of %d: got %.200q, want %.200q", size, got, c.want)
				}
			}
		})
	}
}

func deflated(s string) []byte {
	b, _ := deflate([]byte(s))
	return b
}

func TestParserStopsABombAtTheLimit(t *testing.T) {
	bomb, ok := deflate(make([]byte, 64<<20))
	if !ok {
		t.Fatal("it does not compress")
	}
	limit := int64(1 << 20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := inflate(bomb, limit); err == nil || err.close != 1009 {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	allocated := int64(after.TotalAlloc - before.TotalAlloc)
	if allocated > 4*limit {
		t.Errorf("%d bytes were allocated to find out", allocated)
	}
}

// FuzzParser checks that a stream means the same however it is split, and whether its
// payloads are lent or copied, and that no limit is passed.
func FuzzParser(f *testing.F) {
	for _, seed := range [][]byte{
		sent(0x81, "hé"), sent(0x88, "\x03\xe8bye"), sent(0x88, "x"),
		stream(sent(0x01, "a"), sent(0x89, "p"), sent(0x80, "b")),
		stream(sent(0x01, "\xe2\x82"), sent(0x00, ""), sent(0x80, "\xac")),
		sent(0xc1, string(deflated(strings.Repeat("holdfast ", 100)))),
		{0x82, 127, 0x40, 0, 0, 0, 0, 0, 0, 0}, {0x81, 0x81, 1, 2, 3, 4, 'x'},
	} {
		f.Add(seed, uint8(1), uint8(3), true)
		f.Add(seed, uint8(2), uint8(200), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, a, b uint8, deflate bool) {
		const limit = 4096
		parse := func(lent bool, sizes ...int) []string {
			p := newParser(limit)
			p.deflate, p.lent = deflate, lent
			out := parseAll(p, in, sizes...)
			if k := p.kept; k != nil && (len(k.data) > limit || cap(k.data) > 2*limit || len(k.control) > maxControl) {
				t.Fatalf("%d and %d bytes are held", cap(k.data), len(k.control))
			}
			return out
		}
		whole := parse(false, len(in)+1)
		for name, other := range map[string][]string{
			"split": parse(false, int(a)+1, int(b)+1), "split and lent": parse(true, int(a)+1, int(b)+1),
			"single": parse(false, 1), "lent": parse(true, len(in)+1),
		} {
			if !reflect.DeepEqual(whole, other) {
				t.Fatalf("\nwhole %q\n%s %q", whole, name, other)
			}
		}
	})
}
