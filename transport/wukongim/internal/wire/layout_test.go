package wire

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// Fields that not every message has, in every version: the layouts are those of the
// specification, put together by hand.
func TestFieldsDependOnTheVersionAndTheSetting(t *testing.T) {
	const (
		number, channel, key, topic = "00016e", "000167", "00016b", "000174" // n, g, k, t
		stream, from, payload       = "000173", "000175", "7879"             // s, u, xy
		expire, id, at              = "0000003c", "0000000000000009", "fffffffe"
	)
	type layout struct{ setting, stream, expire, seq, topic string }
	type scene struct {
		version byte
		setting Setting
		layout  layout
	}
	scenes := map[string]scene{}
	for version := byte(2); version <= 6; version++ {
		for setting, name := range map[Setting]string{0: "nothing", Topic: "a topic", Stream: "a stream", Topic | Stream | Receipt: "everything"} {
			l := layout{setting: fmt.Sprintf("%02x", byte(setting)), seq: "00000005"}
			if version >= 3 {
				l.expire = expire
			}
			if version == 6 {
				l.seq = "0000000000000005"
			}
			if setting&Topic != 0 {
				l.topic = topic
			}
			if setting&Stream != 0 && version < 5 {
				l.stream = stream
			}
			scenes[fmt.Sprintf("version %d with %s", version, name)] = scene{version, setting, l}
		}
	}
	for sentence, c := range scenes {
		t.Run(sentence, func(t *testing.T) {
			send := &Send{Flags: DUP, Setting: c.setting, ClientSeq: 7, ClientMsgNo: "n", ChannelID: "g", ChannelType: 2, MsgKey: []byte("k"), Payload: []byte("xy")}
			recv := &Recv{
				Flags: SyncOnce | NoPersist, Setting: c.setting, MsgKey: []byte("k"), FromUID: "u", ChannelID: "g", ChannelType: 2,
				ClientMsgNo: "n", MessageID: 9, MessageSeq: 5, Timestamp: -2, Payload: []byte("xy"),
			}
			l, streamed := c.layout, ""
			if l.expire != "" {
				send.Expire, recv.Expire = 60, 60
			}
			if l.topic != "" {
				send.Topic, recv.Topic = "t", "t"
			}
			if l.stream != "" {
				send.StreamNo, recv.StreamNo, recv.StreamFlag, recv.StreamID = "s", "s", 2, 1<<40
				streamed = "02" + l.stream + "0000010000000000"
			}
			for _, v := range []struct {
				first  string
				body   string
				packet packet
			}{
				{"38", l.setting + "00000007" + number + l.stream + channel + "02" + l.expire + key + l.topic + payload, send},
				{"55", l.setting + key + from + channel + "02" + l.expire + number + streamed + id + l.seq + at + l.topic + payload, recv},
				{"65", id + l.seq, new(recv.Ack())},
				{"4f", id + "00000007" + l.seq + "0f", &Sendack{Flags: 0xf, MessageID: 9, ClientSeq: 7, MessageSeq: 5, Reason: 15}},
			} {
				frame := v.first + fmt.Sprintf("%02x", len(v.body)/2) + v.body
				in, err := hex.DecodeString(frame)
				if err != nil {
					t.Fatal(err)
				}
				same(t, readOne(t, in, c.version), v.packet)
				out, err := v.packet.Append(nil, c.version)
				same(t, []any{hex.EncodeToString(out), err}, []any{strings.ToLower(frame), nil})
			}
		})
	}
}

// What no vector has: every other packet, byte by byte.
func TestTheOtherPacketsAreLaidOutAsTheSpecificationSays(t *testing.T) {
	for frame, want := range map[string]packet{
		"b2" + "09" + "00016e" + "000167" + "02" + "01" + "03":            &Suback{Flags: RedDot, SubNo: "n", ChannelID: "g", ChannelType: 2, Action: Unsubscribe, Reason: 3},
		"c1" + "10" + "000169" + "000174" + "0000018bcfe5687b" + "7b7d":   &Event{Flags: NoPersist, ID: "i", Type: "t", At: 1700000000123, Data: []byte("{}")},
		"c0" + "0c" + "0000" + "0000" + "ffffffffffffffff":                &Event{At: -1},
		"a8" + "0c" + "80" + "00016e" + "000167" + "02" + "01" + "000170": &Sub{Flags: DUP, Setting: Receipt, SubNo: "n", ChannelID: "g", ChannelType: 2, Action: Unsubscribe, Param: "p"},
		"90" + "03" + "00" + "0000":                                       &Disconnect{},
	} {
		in, err := hex.DecodeString(frame)
		if err != nil {
			t.Fatal(err)
		}
		same(t, readOne(t, in, 5), want)
		out, err := want.Append(nil, 5)
		same(t, []any{hex.EncodeToString(out), err}, []any{frame, nil})
	}
}
