package wire

import (
	"bytes"
	"testing"
)

// message is a message for a client, as most are: some names and 128 bytes.
func message() *Recv {
	return &Recv{
		Flags: RedDot, FromUID: "8f14e45fceea", ChannelID: "c9f0f895fb98ab91", ChannelType: 2, ClientMsgNo: "45c48cce2e2d7fbdea1afc51c7c6ad26",
		MessageID: 2123754472571146240, MessageSeq: 70_000, Timestamp: 1795177498, Payload: bytes.Repeat([]byte("holdfast"), 16),
	}
}

func sent() *Send {
	m := message()
	return &Send{Flags: RedDot, ClientSeq: 7, ClientMsgNo: m.ClientMsgNo, ChannelID: m.ChannelID, ChannelType: 2, Payload: m.Payload}
}

// What a message takes from the heap: a frame of ours nothing, one of the server's
// its strings in one piece, and a payload that was encrypted the plain text.
func TestMessagesTakeAlmostNothingFromTheHeap(t *testing.T) {
	c, buffer := agreed(t), make([]byte, 0, 4096)
	send, recv := sent(), message()
	frame, err := c.AppendRecv(nil, 5, recv)
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	f, _, ok, err := d.Next(frame)
	if !ok || err != nil {
		t.Fatal(err)
	}
	got, err := f.Recv(5)
	if err != nil {
		t.Fatal(err)
	}
	sendack, err := (&Sendack{MessageID: 9, ClientSeq: 7, MessageSeq: 1, Reason: 1}).Append(nil, 5)
	if err != nil {
		t.Fatal(err)
	}
	for sentence, c := range map[string]struct {
		want float64
		do   func()
	}{
		"a message is written":            {0, func() { buffer, _ = send.Append(buffer[:0], 5) }},
		"a message is sealed":             {0, func() { buffer, _ = c.AppendSend(buffer[:0], 5, send) }},
		"an acknowledgement is written":   {0, func() { ack := got.Ack(); buffer, _ = ack.Append(buffer[:0], 5) }},
		"a frame is found":                {0, func() { _, _, _, _ = d.Next(frame) }},
		"a message is read":               {1, func() { got, _ = f.Recv(5) }},
		"the answer to one is read":       {0, func() { f, _, _, _ := d.Next(sendack); _, _ = f.Sendack(5) }},
		"a message is checked and opened": {1, func() { _, _ = c.OpenRecv(&got) }},
	} {
		t.Run(sentence, func(t *testing.T) {
			// A garbage collection may take what is pooled: the best of a few runs counts.
			best := testing.AllocsPerRun(100, c.do)
			for range 5 {
				best = min(best, testing.AllocsPerRun(100, c.do))
			}
			if best > c.want && !underRace {
				t.Errorf("%v allocations, want %v", best, c.want)
			}
		})
	}
}

func BenchmarkAppendSend(b *testing.B) {
	buffer, p := make([]byte, 0, 4096), sent()
	b.ReportAllocs()
	for b.Loop() {
		buffer, _ = p.Append(buffer[:0], 5)
	}
}

func BenchmarkSealSend(b *testing.B) {
	c, buffer, p := agreed(b), make([]byte, 0, 4096), sent()
	b.ReportAllocs()
	for b.Loop() {
		buffer, _ = c.AppendSend(buffer[:0], 5, p)
	}
}

func BenchmarkReadRecv(b *testing.B) {
	frame, err := message().Append(nil, 5)
	if err != nil {
		b.Fatal(err)
	}
	var d Decoder
	b.ReportAllocs()
	for b.Loop() {
		f, _, _, _ := d.Next(frame)
		if _, err := f.Recv(5); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenRecv(b *testing.B) {
	c := agreed(b)
	frame, err := c.AppendRecv(nil, 5, message())
	if err != nil {
		b.Fatal(err)
	}
	p := readOne(b, frame, 5).(*Recv)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.OpenRecv(p); err != nil {
			b.Fatal(err)
		}
	}
}
