package wire

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

// packet is anything that is a frame.
type packet interface {
	Append(b []byte, version byte) ([]byte, error)
}

// read reads whatever a frame is.
func read(f Frame, version byte) (packet, error) {
	switch f.Type {
	case TypeConnect:
		p, err := f.Connect()
		return &p, err
	case TypeConnack:
		p, err := f.Connack()
		return &p, err
	case TypeSend:
		p, err := f.Send(version)
		return &p, err
	case TypeSendack:
		p, err := f.Sendack(version)
		return &p, err
	case TypeRecv:
		p, err := f.Recv(version)
		return &p, err
	case TypeRecvack:
		p, err := f.Recvack(version)
		return &p, err
	case TypePing:
		return Ping{}, nil
	case TypePong:
		return Pong{}, nil
	case TypeDisconnect:
		p, err := f.Disconnect()
		return &p, err
	case TypeSub:
		p, err := f.Sub()
		return &p, err
	case TypeSuback:
		p, err := f.Suback()
		return &p, err
	default:
		p, err := f.Event()
		return &p, err
	}
}

// readOne reads the only frame of some bytes.
func readOne(t testing.TB, in []byte, version byte) packet {
	t.Helper()
	var d Decoder
	f, rest, ok, err := d.Next(in)
	if err != nil || !ok || len(rest) > 0 {
		t.Fatalf("%x is not one frame: %v, %v, %d bytes after it", in, ok, err, len(rest))
	}
	p, err := read(f, version)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func same(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// fault is the reason of an error, as text.
func fault(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	reason, ok := messages.ReasonOf(err)
	if !ok || !errors.Is(err, reason.Code) {
		t.Fatalf("%v has no reason", err)
	}
	return reason.String()
}

// sprint is everything that package fmt makes of a value.
func sprint(v any) string { return fmt.Sprintf("%v %+v %#v", v, v, v) }
