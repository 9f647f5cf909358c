package wire

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"
)

// FuzzDecoder tries any bytes: nothing panics, a stream means the same however it is
// split, no more memory is held than twice what arrived, and whatever can be read is
// written so that it reads the same.
func FuzzDecoder(f *testing.F) {
	for name, v := range written() {
		frame := vector(f, name)
		f.Add(frame, uint8(1), uint8(3), v.version)
		f.Add(append(frame, frame...), uint8(len(frame)-1), uint8(0), uint8(6))
		f.Add(frame[:len(frame)-1], uint8(2), uint8(9), uint8(5))
	}
	f.Add([]byte{0x50, 0x80, 0x80, 0x40, 1, 2, 3}, uint8(0), uint8(0), uint8(5))
	f.Add([]byte{0x30, 0xff, 0xff, 0xff, 0xff}, uint8(0), uint8(0), uint8(5))
	f.Add([]byte{0x70, 0x80, 0xf0}, uint8(0), uint8(0), uint8(5))
	f.Fuzz(func(t *testing.T, in []byte, a, b, version uint8) {
		parse := func(sizes ...int) []string {
			var d Decoder
			out := frames(&d, in, sizes...)
			if cap(d.body) > 2*len(in) {
				t.Fatalf("%d bytes are held of %d", cap(d.body), len(in))
			}
			return out
		}
		whole := parse(len(in) + 1)
		for _, other := range [][]string{parse(1), parse(int(a)+1, int(b)+1)} {
			if !slices.Equal(whole, other) {
				t.Fatalf("\nwhole %q\nsplit %q", whole, other)
			}
		}
		version = 2 + version%5
		var d Decoder
		for rest := in; ; {
			frame, after, ok, err := d.Next(rest)
			if err != nil || !ok {
				return
			}
			rest = after
			p, err := read(frame, version)
			if err != nil {
				fault(t, err)
				continue
			}
			// The node of a CONNACK is read in every version, and written from 4 on.
			as := max(version, VersionNode)
			if _, ok := p.(*Connack); !ok {
				as = version
			}
			text, err := p.Append(nil, as)
			if err != nil {
				t.Fatalf("%+v was read, but cannot be written: %v", p, err)
			}
			if again := readOne(t, text, as); !reflect.DeepEqual(p, again) {
				t.Fatalf("%+v became %+v", p, again)
			}
		}
	})
}

// FuzzJSONRPC tries any text: nothing panics, and whatever can be read is written so
// that it reads the same.
func FuzzJSONRPC(f *testing.F) {
	for _, o := range observed {
		f.Add([]byte(o.text), byte(o.asked))
	}
	f.Add([]byte(`{"jsonrpc":"2.0","id":"n1","error":{"code":0,"message":"jsonrpc: unknown method: nope"}}`), byte(0))
	f.Add([]byte(`{"jsonrpc":"2.0","id":"p1"}`), byte(0))
	f.Add([]byte(`{"method":"recv","params":{"messageId":9,"payload":null}}`), byte(0))
	f.Fuzz(func(t *testing.T, in []byte, asked byte) {
		c, err := ParseCall(in)
		if err != nil {
			fault(t, err)
			return
		}
		p, err := readCall(&c, Type(asked))
		if err != nil {
			fault(t, err)
			return
		}
		var text []byte
		switch p := p.(type) {
		case interface {
			AppendJSON(b []byte, id string) []byte
		}:
			text = p.AppendJSON(nil, c.ID)
		case interface{ AppendJSON(b []byte) []byte }:
			text = p.AppendJSON(nil)
		default:
			return
		}
		again, err := ParseCall(text)
		if err != nil {
			t.Fatalf("%s was written for %s: %v", text, in, err)
		}
		got, err := readCall(&again, Type(asked))
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Fatalf("%s became %s: %+v, %+v, %v", in, text, p, got, err)
		}
	})
}

// FuzzDecrypt tries any payload, with a msgKey that is right and with any other: what
// is not signed is forged, what is signed opens or is garbled, and what opens can be
// sealed again to the same bytes.
func FuzzDecrypt(f *testing.F) {
	payload := []byte(vectors["payload_cipher_b64"])
	f.Add(payload, []byte(vectors["recv_msgkey"]), byte(0))
	f.Add(payload[:len(payload)-4], []byte{}, byte(0))
	f.Add([]byte("\nIKdw\r\n"), []byte("x"), byte(NoEncrypt))
	f.Add(raw("0123456789abcde\x01"), []byte("x"), byte(0))
	f.Add(raw("0123456789abcde\x11"), []byte("x"), byte(Topic))
	f.Add(raw("0123456789abc\x02\x03\x03"), []byte("x"), byte(0))
	f.Add([]byte{}, []byte{}, byte(0))
	f.Fuzz(func(t *testing.T, payload, key []byte, setting byte) {
		c := agreed(t)
		p := signed(c, Setting(setting), payload)
		right := p.MsgKey
		if p.MsgKey = key; !bytes.Equal(key, right) {
			if plain, err := c.OpenRecv(p); plain != nil || !errors.Is(err, ErrForged) {
				t.Fatalf("with the key %q it gave %q, %v", key, plain, err)
			}
		}
		p.MsgKey = right
		plain, err := c.OpenRecv(p)
		switch {
		case p.Setting.Has(NoEncrypt):
			if err != nil || !bytes.Equal(plain, payload) {
				t.Fatalf("plain, it gave %q, %v", plain, err)
			}
		case err != nil:
			if plain != nil || !errors.Is(err, ErrGarbled) {
				t.Fatalf("it gave %q, %v", plain, err)
			}
		default:
			sealed := c.sealed(new(scratch), plain)
			if got, err := c.OpenRecv(signed(c, 0, sealed)); err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%q was sealed as %q and opened as %q, %v", plain, sealed, got, err)
			}
		}
	})
}
