package wukongim

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	wkproto "github.com/WuKongIM/WuKongIMGoProto"
	"pgregory.net/rapid"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

var peer = wkproto.New()

// versions are those that the peer knows.
var versions = []byte{3, 4, 5}

// read reads the only frame of some bytes, as ours.
func read(in []byte, version byte) (packet, error) {
	var d wire.Decoder
	f, rest, ok, err := d.Next(in)
	if err != nil {
		return nil, err
	}
	if !ok || len(rest) > 0 {
		return nil, fmt.Errorf("%x is not one frame", in)
	}
	switch f.Type {
	case wire.TypeConnect:
		p, err := f.Connect()
		return &p, err
	case wire.TypeConnack:
		p, err := f.Connack()
		return &p, err
	case wire.TypeSend:
		p, err := f.Send(version)
		return &p, err
	case wire.TypeSendack:
		p, err := f.Sendack(version)
		return &p, err
	case wire.TypeRecv:
		p, err := f.Recv(version)
		return &p, err
	case wire.TypeRecvack:
		p, err := f.Recvack(version)
		return &p, err
	case wire.TypePing:
		return wire.Ping{}, nil
	case wire.TypePong:
		return wire.Pong{}, nil
	case wire.TypeDisconnect:
		p, err := f.Disconnect()
		return &p, err
	case wire.TypeSub:
		p, err := f.Sub()
		return &p, err
	case wire.TypeSuback:
		p, err := f.Suback()
		return &p, err
	default:
		p, err := f.Event()
		return &p, err
	}
}

// plain forgets what a frame says about its own size, and how nothing is said.
func plain(frame wkproto.Frame) wkproto.Frame {
	v := reflect.ValueOf(frame).Elem()
	head := v.FieldByName("Framer").Addr().Interface().(*wkproto.Framer)
	head.RemainingLength, head.FrameSize = 0, 0
	if v.Type() == reflect.TypeFor[wkproto.ConnackPacket]() {
		head.NoPersist = false // the same bit
	}
	for _, name := range []string{"Payload", "Data"} {
		if data := v.FieldByName(name); data.IsValid() && data.Len() == 0 {
			data.SetZero()
		}
	}
	return frame
}

func TestBothWriteTheSameBytesAndReadTheSamePackets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom(versions).Draw(t, "version")
		twin := twins(version).Draw(t, "packet")
		theirs, err := peer.EncodeFrame(twin.theirs, version)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := twin.ours.Append(nil, version)
		if err != nil || !bytes.Equal(ours, theirs) {
			t.Fatalf("ours   %x, %v\ntheirs %x", ours, err, theirs)
		}
		got, err := read(theirs, version)
		if err != nil || !reflect.DeepEqual(got, twin.ours) {
			t.Fatalf("we read   %+v, %v\nand wrote %+v", got, err, twin.ours)
		}
		heard, n, err := peer.DecodeFrame(ours, version)
		if err != nil || n != len(ours) || !reflect.DeepEqual(plain(heard), plain(twin.theirs)) {
			t.Fatalf("they read   %+v, %d of %d, %v\nand wrote %+v", heard, n, len(ours), err, twin.theirs)
		}
	})
}

// framed is a body as a frame of that first byte.
func framed(first byte, body []byte) []byte {
	b := []byte{first}
	for n := len(body); ; n >>= 7 {
		if n < 0x80 {
			return append(append(b, byte(n)), body...)
		}
		b = append(b, byte(n)|0x80)
	}
}

// What is cut, or has a byte changed, is refused by both or read alike by both. Only
// the node of a CONNACK may be missing for us, because there are servers that leave
// it out.
func TestBothRefuseTheSameFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom(versions).Draw(t, "version")
		twin := twins(version).Draw(t, "packet")
		frame, err := twin.ours.Append(nil, version)
		if err != nil || len(frame) < 2 {
			t.Skip("a frame of one byte has nothing to break")
		}
		first, body := frame[0], frame[1:]
		for body[0]&0x80 != 0 {
			body = body[1:]
		}
		body = bytes.Clone(body[1:])
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			// Most of what can be broken is at the beginning.
			at := rapid.IntRange(0, min(len(body)-1, 60)).Draw(t, "at")
			body[at] = rapid.Byte().Draw(t, "byte")
		}
		body = body[:rapid.OneOf(rapid.Just(len(body)), rapid.IntRange(0, min(len(body), 100))).Draw(t, "length")]
		if version == wire.VersionPlain && wire.Type(first>>4) == wire.TypeSend && len(body) > 0 {
			body[0] &^= byte(wire.Stream) // see TestThePeerCountsAStreamThatItDoesNotWrite
		}
		in := framed(first, body)
		ours, oursErr := read(in, version)
		theirs, _, theirsErr := peer.DecodeFrame(in, version)
		switch {
		case oursErr != nil && theirsErr != nil:
			return
		case wire.Type(first>>4) == wire.TypeConnack && oursErr == nil && theirsErr != nil:
			longer := append(bytes.Clone(body), make([]byte, 8)...)
			if _, _, err := peer.DecodeFrame(framed(first, longer), version); err != nil {
				t.Fatalf("we read %+v, and they refuse it with a node, too: %v", ours, err)
			}
			return
		case oursErr != nil || theirsErr != nil:
			t.Fatalf("of %x\nwe   read %+v, %v\nthey read %+v, %v", in, ours, oursErr, theirs, theirsErr)
		}
		// Read alike is written alike, up to what follows the last field.
		again, err := ours.Append(nil, version)
		if err != nil {
			t.Fatal(err)
		}
		want, err := peer.EncodeFrame(theirs, version)
		if err != nil {
			t.Fatal(err)
		}
		switch p := ours.(type) {
		case *wire.Sendack:
			if p.ClientMsgNo != "" {
				return // the peer does not know of it
			}
		case *wire.Connack:
			if p.ServerVersion == 0 {
				return // for us that is a version which was not said
			}
		}
		if !bytes.Equal(again, want) {
			t.Fatalf("of %x\nwe   make %x\nthey make %x", in, again, want)
		}
	})
}

// From version 5 on there is no stream, but the peer leaves room for one in the
// length of a SEND: whoever reads it waits for bytes that never come. We write what
// its decoder reads.
func TestThePeerCountsAStreamThatItDoesNotWrite(t *testing.T) {
	p := &wire.Send{Flags: wire.RedDot, Setting: wire.Stream, ClientMsgNo: "n", ChannelID: "g", ChannelType: 2, MsgKey: []byte{}, Payload: []byte("hello")}
	ours, err := p.Append(nil, 5)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := peer.EncodeFrame(theirSend(p), 5)
	if err != nil || theirs[1] != ours[1]+2 || !bytes.Equal(theirs[2:], ours[2:]) {
		t.Errorf("ours   %x\ntheirs %x, %v", ours, theirs, err)
	}
	if heard, n, err := peer.DecodeFrame(ours, 5); err != nil || n != len(ours) || !reflect.DeepEqual(plain(heard), plain(theirSend(p))) {
		t.Errorf("they read %+v, %d, %v", heard, n, err)
	}
	if heard, _, err := peer.DecodeFrame(theirs, 5); heard != nil || err != nil {
		t.Errorf("of their own they read %+v, %v", heard, err)
	}
}
