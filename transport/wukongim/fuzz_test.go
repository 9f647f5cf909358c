package wukongim

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/transport"
)

// whatever is a session after its login, with a message of its own under way and a
// room that is joined.
func whatever(t *testing.T, options Options, plain bool) *cast {
	c := newCast(t, options, transport.Opening{})
	c.server.plain = plain
	c.up()
	c.do(": join Group/g 1")
	c.do(": send Group/g 1 hello")
	c.link.Lines = nil
	return c
}

// FuzzSession gives a session any bytes. Whatever they are, it ends with a reason or
// goes on; it makes the same of them in whatever pieces they come; and if the session
// is encrypted, it delivers nothing.
func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		"5236000000036d6b3100016200016702000000000001790000000000000009000000010000000168656c6c6f",
		"420200", "80", "90180c00156c6f67696e20696e206f7468657220646576696365",
		"42110000000000000009000000010000000501", "40180000000000000009000000010000000501000561626364658080",
		"c00f0001690001740000000000000000686579", "5036000000036d6b310001620001670200000000000179" + "000000000000000a000000030000000168656c6c6f",
	} {
		b, err := hex.DecodeString(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, uint8(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		data = data[:min(len(data), 1<<16)]
		sealed := whatever(t, Options{}, false)
		_ = sealed.s.Receive(sealed.link, transport.Frame{Kind: transport.FrameBinary, Data: slices.Clone(data)})
		for _, line := range sealed.link.Lines {
			if strings.HasPrefix(line, "pub ") {
				t.Errorf("a session without the key was told %q", line)
			}
		}
		var told [2]string
		for i, piece := range []int{len(data), int(size%16) + 1} {
			c := whatever(t, Options{}, true)
			var err error
			for rest := data; len(rest) > 0 && err == nil; rest = rest[min(piece, len(rest)):] {
				frame := slices.Clone(rest[:min(piece, len(rest))])
				err = c.s.Receive(c.link, transport.Frame{Kind: transport.FrameBinary, Data: frame})
			}
			told[i] = strings.Join(c.link.Lines, "\n")
			if err != nil {
				told[i] += "\n" + err.Error()
			}
		}
		if told[0] != told[1] {
			t.Errorf("whole:\n%s\n\nin pieces:\n%s", told[0], told[1])
		}
	})
}

// FuzzJSONSession does it with texts.
func FuzzJSONSession(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":"s1","result":{"messageId":"9","messageSeq":1,"reasonCode":1}}`,
		`{"method":"recv","params":{"messageId":"9","messageSeq":1,"channelId":"g","channelType":2,"fromUid":"b","payload":"aGk=","timestamp":1}}`,
		`{"id":"p1"}`, `{"id":"s1","error":{"code":0,"message":"nope"}}`, `{"method":"disconnect","params":{"reasonCode":12}}`,
		`{"method":"event","params":{"id":"1","type":"t","data":"x"}}`, `[]`, `{`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := whatever(t, Options{JSON: true}, true)
		for range 2 {
			_ = c.s.Receive(c.link, spoken([]byte(text)))
		}
	})
}
