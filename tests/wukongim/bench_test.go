package wukongim

import (
	"bytes"
	"testing"
	"time"

	wkproto "github.com/WuKongIM/WuKongIMGoProto"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// race is one thing that both sides do.
type race struct {
	ours, theirs func() error
}

// races are what a client does with messages of 128 bytes. The peer's module has no
// encryption: there its side is the textbook's, which is what clients in Go do.
func races(t testing.TB) map[string]race {
	t.Helper()
	const version = 5
	mine, theirs := session(t)
	plain := bytes.Repeat([]byte("holdfast"), 16)
	send := &wire.Send{
		Flags: wire.RedDot, ClientSeq: 7, ClientMsgNo: "45c48cce2e2d7fbdea1afc51c7c6ad26", ChannelID: "c9f0f895fb98ab91", ChannelType: 2,
		MsgKey: []byte("b24be38810c295d087a08f3ec3f72c84"), Payload: plain,
	}
	recv := &wire.Recv{
		Flags: wire.RedDot, FromUID: "8f14e45fceea", ChannelID: send.ChannelID, ChannelType: 2, ClientMsgNo: send.ClientMsgNo,
		MsgKey: send.MsgKey, MessageID: 2123754472571146240, MessageSeq: 70_000, Timestamp: 1795177498, Payload: plain,
	}
	ack := recv.Ack()
	theirAck := &wkproto.RecvackPacket{Framer: framer(wire.TypeRecvack, ack.Flags), MessageID: ack.MessageID, MessageSeq: uint32(ack.MessageSeq)}
	sendack := &wire.Sendack{MessageID: 2123754472571146240, ClientSeq: 7, MessageSeq: 9, Reason: 1}
	written := func(frame []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return frame
	}
	recvFrame, sendackFrame := written(recv.Append(nil, version)), written(sendack.Append(nil, version))
	sealedFrame := written(mine.AppendRecv(nil, version, recv))
	buffer := make([]byte, 0, 4096)
	var d wire.Decoder
	// The peer writes into a buffer that is kept as well, which costs it the least.
	var out bytes.Buffer
	theirSent, sealed := theirSend(send), theirSend(send)

	return map[string]race{
		"encode SEND": {
			func() (err error) { buffer, err = send.Append(buffer[:0], version); return err },
			func() error { out.Reset(); return peer.WriteFrame(&out, theirSent, version) },
		},
		"encode RECVACK": {
			func() (err error) { buffer, err = ack.Append(buffer[:0], version); return err },
			func() error { out.Reset(); return peer.WriteFrame(&out, theirAck, version) },
		},
		"decode RECV": {
			func() error {
				f, _, _, err := d.Next(recvFrame)
				if err != nil {
					return err
				}
				_, err = f.Recv(version)
				return err
			},
			func() error { _, _, err := peer.DecodeFrame(recvFrame, version); return err },
		},
		"decode SENDACK": {
			func() error {
				f, _, _, err := d.Next(sendackFrame)
				if err != nil {
					return err
				}
				_, err = f.Sendack(version)
				return err
			},
			func() error { _, _, err := peer.DecodeFrame(sendackFrame, version); return err },
		},
		"encrypt, sign and encode SEND": {
			func() (err error) { buffer, err = mine.AppendSend(buffer[:0], version, send); return err },
			func() error {
				sealed.Payload = theirs.encrypt(plain)
				sealed.MsgKey = theirs.sign(sealed.VerityString())
				out.Reset()
				return peer.WriteFrame(&out, sealed, version)
			},
		},
		"decode, verify and decrypt RECV": {
			func() error {
				f, _, _, err := d.Next(sealedFrame)
				if err != nil {
					return err
				}
				p, err := f.Recv(version)
				if err != nil {
					return err
				}
				_, err = mine.OpenRecv(&p)
				return err
			},
			func() error {
				f, _, err := peer.DecodeFrame(sealedFrame, version)
				if err != nil {
					return err
				}
				p := f.(*wkproto.RecvPacket)
				if p.MsgKey != theirs.sign(p.VerityString()) {
					return wire.ErrForged
				}
				_, err = theirs.decrypt(p.Payload)
				return err
			},
		},
	}
}

func TestNothingTakesMoreFromTheHeapThanThePeer(t *testing.T) {
	for name, r := range races(t) {
		for side, do := range map[string]func() error{"ours": r.ours, "theirs": r.theirs} {
			if err := do(); err != nil {
				t.Fatalf("%s: %s: %v", name, side, err)
			}
		}
		ours := testing.AllocsPerRun(200, func() { _ = r.ours() })
		theirs := testing.AllocsPerRun(200, func() { _ = r.theirs() })
		if ours >= theirs {
			t.Errorf("%s: %v allocations, the peer %v", name, ours, theirs)
		}
	}
}

// BenchmarkRatios runs both sides in turn, a thousand each: so a machine whose speed
// drifts is unfair to none.
func BenchmarkRatios(b *testing.B) {
	for name, r := range races(b) {
		b.Run(name, func(b *testing.B) {
			var spent [2]time.Duration
			rounds := 0
			for b.Loop() {
				rounds++
				for i, do := range []func() error{r.ours, r.theirs} {
					start := time.Now()
					for range 1000 {
						if err := do(); err != nil {
							b.Fatal(err)
						}
					}
					spent[i] += time.Since(start)
				}
			}
			each := float64(rounds) * 1000
			b.ReportMetric(float64(spent[0])/each, "ours-ns")
			b.ReportMetric(float64(spent[1])/each, "theirs-ns")
			b.ReportMetric(float64(spent[0])/float64(spent[1]), "ours/theirs")
			b.ReportMetric(testing.AllocsPerRun(200, func() { _ = r.ours() }), "ours-allocs")
			b.ReportMetric(testing.AllocsPerRun(200, func() { _ = r.theirs() }), "theirs-allocs")
			b.ReportMetric(0, "ns/op")
		})
	}
}
