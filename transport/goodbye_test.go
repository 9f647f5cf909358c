package transport

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed14814784/holdfast/messages"
)

func TestCloseCodesSurviveAsTheyAre(t *testing.T) {
	type ending struct {
		reason messages.Reason
		ok     bool
	}
	wire := func(code messages.Code, number int, text string) ending {
		return ending{messages.Reason{Code: code, Wire: messages.Wire{Scheme: "websocket", Code: number, Text: text}}, true}
	}
	for sentence, c := range map[string]struct {
		body string
		want ending
		echo int
	}{
		"an empty body is 1005":            {"", wire(messages.ReasonPeerClose, 1005, ""), 1005},
		"one byte is wrong":                {"x", ending{}, 0},
		"a normal closure":                 {"\x03\xe8bye", wire(messages.ReasonPeerClose, 1000, "bye"), 1000},
		"an application's code":            {"\x0f\xa1replaced", wire(messages.ReasonPeerClose, 4001, "replaced"), 4001},
		"1006, which must not be sent":     {"\x03\xeeStale Connection", wire(messages.ReasonAbnormalClosure, 1006, "Stale Connection"), 1002},
		"1005, which must not be sent":     {"\x03\xed", wire(messages.ReasonPeerClose, 1005, ""), 1005},
		"1015, which must not be sent":     {"\x03\xf7", wire(messages.ReasonPeerClose, 1015, ""), 1002},
		"999":                              {"\x03\xe7", wire(messages.ReasonPeerClose, 999, ""), 1002},
		"0":                                {"\x00\x00", wire(messages.ReasonPeerClose, 0, ""), 1002},
		"65535":                            {"\xff\xff", wire(messages.ReasonPeerClose, 65535, ""), 1002},
		"text that is not UTF-8 is mended": {"\x03\xe8a\xffb", wire(messages.ReasonPeerClose, 1000, "a\uFFFDb"), 1000},
	} {
		t.Run(sentence, func(t *testing.T) {
			code, text, ok := parseClose([]byte(c.body))
			got := ending{}
			if ok {
				got = ending{closeReason(code, text), true}
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if ok && echoOf(code) != c.echo {
				t.Errorf("echoed as %d, want %d", echoOf(code), c.echo)
			}
		})
	}
}

func TestCloseTextIsCutAtTheBorderOfARune(t *testing.T) {
	for sentence, c := range map[string]struct {
		code int
		text string
		want string
	}{
		"no code, no body":        {0, "ignored", ""},
		"1005, no body":           {1005, "", ""},
		"a short text":            {1000, "bye", "\x03\xe8bye"},
		"123 bytes fit":           {1000, strings.Repeat("x", 123), "\x03\xe8" + strings.Repeat("x", 123)},
		"124 bytes are cut":       {1000, strings.Repeat("x", 124), "\x03\xe8" + strings.Repeat("x", 123)},
		"a rune is not cut":       {1000, strings.Repeat("x", 122) + "é", "\x03\xe8" + strings.Repeat("x", 122)},
		"invalid UTF-8 is mended": {1000, "\xff", "\x03\xe8\uFFFD"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := string(closeBody(c.code, c.text)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzCloseBody(f *testing.F) {
	for _, seed := range []string{"", "x", "\x03\xe8", "\x03\xe8bye", "\x03\xeeStale Connection", "\x0f\xa1\xff\xfe", "\x00\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		code, text, ok := parseClose(body)
		if ok == (len(body) == 1) {
			t.Fatalf("%q: ok is %v", body, ok)
		}
		if !ok {
			return
		}
		if !utf8.ValidString(text) {
			t.Fatalf("text %q is not UTF-8", text)
		}
		again := closeBody(echoOf(code), text)
		if len(again) > maxControl {
			t.Fatalf("the echo has %d bytes", len(again))
		}
		echoed, echoedText, ok := parseClose(again)
		if !ok || echoed != closeNoStatus && !sendable(echoed) || !strings.HasPrefix(text, echoedText) {
			t.Fatalf("%d %q was echoed as %d %q", code, text, echoed, echoedText)
		}
	})
}
