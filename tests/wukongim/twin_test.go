package wukongim

import (
	wkproto "github.com/WuKongIM/WuKongIMGoProto"
	"pgregory.net/rapid"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// packet is anything of ours that is a frame.
type packet interface {
	Append(b []byte, version byte) ([]byte, error)
}

// twin is one packet as both sides have it.
type twin struct {
	ours   packet
	theirs wkproto.Frame
}

func framer(t wire.Type, flags wire.Flags) wkproto.Framer {
	return wkproto.FramerFromUint8(byte(t)<<4 | byte(flags))
}

// Short texts are the usual ones; long ones meet the limits of a length's bytes.
var (
	text    = rapid.OneOf(rapid.StringN(0, 20, -1), rapid.StringN(100, 140, -1), rapid.Just(""))
	payload = rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 1, 200), rapid.SliceOfN(rapid.Byte(), 16_300, 16_400), rapid.Just([]byte(nil)))
	flags   = rapid.Map(rapid.ByteRange(0, 15), func(b byte) wire.Flags { return wire.Flags(b) })
)

// twins draws a packet of any type. Fields that the version or the setting does not
// have are left out.
func twins(version byte) *rapid.Generator[twin] {
	return rapid.Custom(func(t *rapid.T) twin {
		b := func(name string) byte { return rapid.Byte().Draw(t, name) }
		s := func(name string) string { return text.Draw(t, name) }
		u32 := func(name string) uint32 { return rapid.Uint32().Draw(t, name) }
		u64 := func(name string) uint64 { return rapid.Uint64().Draw(t, name) }
		f := flags.Draw(t, "flags")
		data := payload.Draw(t, "payload")
		streams := func(setting wire.Setting) bool { return setting.Has(wire.Stream) && version < wire.VersionPlain }

		switch kind := rapid.SampledFrom(kinds).Draw(t, "type"); kind {
		case wire.TypeConnect:
			p := &wire.Connect{Version: b("version"), Device: b("device"), DeviceID: s("deviceId"), UID: s("uid"), Token: messages.NewSecret(s("token")), At: int64(u64("time")), Key: s("key")}
			return twin{p, &wkproto.ConnectPacket{
				Framer: framer(kind, 0), Version: p.Version, DeviceFlag: wkproto.DeviceFlag(p.Device), DeviceID: p.DeviceID,
				UID: p.UID, Token: p.Token.Reveal(), ClientTimestamp: p.At, ClientKey: p.Key,
			}}
		case wire.TypeConnack:
			p := &wire.Connack{ServerVersion: b("version"), TimeDiff: int64(u64("diff")), Reason: b("reason"), Key: s("key"), Salt: s("salt")}
			if version >= wire.VersionNode {
				p.Node = u64("node")
			}
			said := wire.Flags(0)
			if p.ServerVersion != 0 {
				said = 1
			}
			return twin{p, &wkproto.ConnackPacket{
				Framer: framer(kind, said), ServerVersion: p.ServerVersion, TimeDiff: p.TimeDiff,
				ReasonCode: wkproto.ReasonCode(p.Reason), ServerKey: p.Key, Salt: p.Salt, NodeId: p.Node,
			}}
		case wire.TypeSend:
			p := &wire.Send{
				Flags: f, Setting: wire.Setting(b("setting")), ClientSeq: u32("seq"), ClientMsgNo: s("number"), ChannelID: s("channel"),
				ChannelType: b("kind"), Expire: u32("expire"), MsgKey: nonzero(s("msgKey")), Payload: data,
			}
			if version == wire.VersionPlain {
				p.Setting &^= wire.Stream // see TestThePeerCountsAStreamThatItDoesNotWrite
			}
			if streams(p.Setting) {
				p.StreamNo = s("stream")
			}
			if p.Setting.Has(wire.Topic) {
				p.Topic = s("topic")
			}
			return twin{p, theirSend(p)}
		case wire.TypeSendack:
			p := &wire.Sendack{Flags: f, MessageID: int64(u64("id")), ClientSeq: u32("client"), MessageSeq: uint64(u32("seq")), Reason: b("reason")}
			return twin{p, &wkproto.SendackPacket{
				Framer: framer(kind, f), MessageID: p.MessageID, ClientSeq: uint64(p.ClientSeq),
				MessageSeq: uint32(p.MessageSeq), ReasonCode: wkproto.ReasonCode(p.Reason),
			}}
		case wire.TypeRecv:
			p := &wire.Recv{
				Flags: f, Setting: wire.Setting(b("setting")), MsgKey: nonzero(s("msgKey")), FromUID: s("from"), ChannelID: s("channel"),
				ChannelType: b("kind"), Expire: u32("expire"), ClientMsgNo: s("number"), MessageID: int64(u64("id")),
				MessageSeq: uint64(u32("seq")), Timestamp: int32(u32("time")), Payload: data,
			}
			if streams(p.Setting) {
				p.StreamFlag, p.StreamNo, p.StreamID = b("streamFlag"), s("stream"), u64("streamId")
			}
			if p.Setting.Has(wire.Topic) {
				p.Topic = s("topic")
			}
			return twin{p, theirRecv(p)}
		case wire.TypeRecvack:
			p := &wire.Recvack{Flags: f, MessageID: int64(u64("id")), MessageSeq: uint64(u32("seq"))}
			return twin{p, &wkproto.RecvackPacket{Framer: framer(kind, f), MessageID: p.MessageID, MessageSeq: uint32(p.MessageSeq)}}
		case wire.TypePing:
			return twin{wire.Ping{}, &wkproto.PingPacket{Framer: framer(kind, 0)}}
		case wire.TypePong:
			return twin{wire.Pong{}, &wkproto.PongPacket{Framer: framer(kind, 0)}}
		case wire.TypeDisconnect:
			p := &wire.Disconnect{Reason: b("reason"), Text: s("text")}
			return twin{p, &wkproto.DisconnectPacket{Framer: framer(kind, 0), ReasonCode: wkproto.ReasonCode(p.Reason), Reason: p.Text}}
		case wire.TypeSub:
			p := &wire.Sub{Flags: f, Setting: wire.Setting(b("setting")), SubNo: s("number"), ChannelID: s("channel"), ChannelType: b("kind"), Action: b("action"), Param: s("param")}
			return twin{p, &wkproto.SubPacket{
				Framer: framer(kind, f), Setting: wkproto.Setting(p.Setting), SubNo: p.SubNo, ChannelID: p.ChannelID,
				ChannelType: p.ChannelType, Action: wkproto.Action(p.Action), Param: p.Param,
			}}
		case wire.TypeSuback:
			p := &wire.Suback{Flags: f, SubNo: s("number"), ChannelID: s("channel"), ChannelType: b("kind"), Action: b("action"), Reason: b("reason")}
			return twin{p, &wkproto.SubackPacket{
				Framer: framer(kind, f), SubNo: p.SubNo, ChannelID: p.ChannelID, ChannelType: p.ChannelType,
				Action: wkproto.Action(p.Action), ReasonCode: wkproto.ReasonCode(p.Reason),
			}}
		default:
			p := &wire.Event{Flags: f, ID: s("id"), Type: s("kind"), At: int64(u64("time")), Data: data}
			return twin{p, &wkproto.EventPacket{Framer: framer(kind, f), Id: p.ID, Type: p.Type, Timestamp: p.At, Data: p.Data}}
		}
	})
}

var kinds = []wire.Type{
	wire.TypeConnect, wire.TypeConnack, wire.TypeSend, wire.TypeSendack, wire.TypeRecv, wire.TypeRecvack,
	wire.TypePing, wire.TypePong, wire.TypeDisconnect, wire.TypeSub, wire.TypeSuback, wire.TypeEvent,
}

func theirSend(p *wire.Send) *wkproto.SendPacket {
	return &wkproto.SendPacket{
		Framer: framer(wire.TypeSend, p.Flags), Setting: wkproto.Setting(p.Setting), MsgKey: string(p.MsgKey), Expire: p.Expire,
		ClientSeq: uint64(p.ClientSeq), ClientMsgNo: p.ClientMsgNo, StreamNo: p.StreamNo, ChannelID: p.ChannelID,
		ChannelType: p.ChannelType, Topic: p.Topic, Payload: p.Payload,
	}
}

func theirRecv(p *wire.Recv) *wkproto.RecvPacket {
	return &wkproto.RecvPacket{
		Framer: framer(wire.TypeRecv, p.Flags), Setting: wkproto.Setting(p.Setting), MsgKey: string(p.MsgKey), Expire: p.Expire,
		MessageID: p.MessageID, MessageSeq: uint32(p.MessageSeq), ClientMsgNo: p.ClientMsgNo, StreamNo: p.StreamNo,
		StreamId: p.StreamID, StreamFlag: wkproto.StreamFlag(p.StreamFlag), Timestamp: p.Timestamp, ChannelID: p.ChannelID,
		ChannelType: p.ChannelType, Topic: p.Topic, FromUID: p.FromUID, Payload: p.Payload,
	}
}

// nonzero is the bytes of a text; of none it is what reading none gives.
func nonzero(text string) []byte { return append([]byte{}, text...) }
