package wire

// Send is a client's message: SEND, or the request send.
type Send struct {
	Flags       Flags
	Setting     Setting
	ClientSeq   uint32 // the answer repeats it
	ClientMsgNo string // names the message for ever; a resend repeats it
	StreamNo    string
	ChannelID   string
	ChannelType byte
	Expire      uint32 // seconds; 0: never
	MsgKey      []byte // proves that the message is as it was sent; see Cipher
	Topic       string
	Payload     []byte
}

// Append appends the frame.
func (p *Send) Append(b []byte, version byte) ([]byte, error) {
	w := begin(b, TypeSend, p.Flags)
	w.u8(byte(p.Setting))
	w.u32(p.ClientSeq)
	w.text("clientMsgNo", p.ClientMsgNo)
	if p.Setting.streams(version) {
		w.text("streamNo", p.StreamNo)
	}
	w.text("channelId", p.ChannelID)
	w.u8(p.ChannelType)
	if version >= VersionExpire {
		w.u32(p.Expire)
	}
	w.bytes("msgKey", p.MsgKey)
	if p.Setting.Has(Topic) {
		w.text("topic", p.Topic)
	}
	w.rest("payload", p.Payload)
	return w.end()
}

// Send reads a SEND. MsgKey and Payload are parts of the frame.
func (f Frame) Send(version byte) (Send, error) {
	r := f.reader()
	p := Send{Flags: f.Flags, Setting: Setting(r.u8("setting")), ClientSeq: r.u32("clientSeq")}
	var stream, topic span
	number := r.text("clientMsgNo")
	if p.Setting.streams(version) {
		stream = r.text("streamNo")
	}
	channel := r.text("channelId")
	p.ChannelType = r.u8("channelType")
	if version >= VersionExpire {
		p.Expire = r.u32("expire")
	}
	p.MsgKey = r.bytes("msgKey")
	if p.Setting.Has(Topic) {
		topic = r.text("topic")
	}
	if r.flaw != nil {
		return Send{}, r.flaw
	}
	head := r.head()
	p.ClientMsgNo, p.StreamNo, p.ChannelID, p.Topic = number.of(head), stream.of(head), channel.of(head), topic.of(head)
	p.Payload = r.rest()
	return p, nil
}

// Sendack is the server's answer to a message: SENDACK, or the result of send.
type Sendack struct {
	Flags       Flags // of the message, or none: it depends on the server
	MessageID   int64
	ClientSeq   uint32 // of the message; 0 in JSON, where the id of the request says which
	MessageSeq  uint64 // in its channel; 0: it is not stored
	Reason      byte   // 1: accepted
	ClientMsgNo string // of the message, if the server says it
}

// Append appends the frame. ClientMsgNo is left out if it is empty.
func (p *Sendack) Append(b []byte, version byte) ([]byte, error) {
	w := begin(b, TypeSendack, p.Flags)
	w.u64(uint64(p.MessageID))
	w.u32(p.ClientSeq)
	w.seq(p.MessageSeq, version)
	w.u8(p.Reason)
	if p.ClientMsgNo != "" {
		w.text("clientMsgNo", p.ClientMsgNo)
	}
	return w.end()
}

// Sendack reads a SENDACK. What follows the reason is read if it is a string, and
// else ignored: only one generation of servers writes it.
func (f Frame) Sendack(version byte) (Sendack, error) {
	r := f.reader()
	p := Sendack{Flags: f.Flags, MessageID: int64(r.u64("messageId")), ClientSeq: r.u32("clientSeq"), MessageSeq: r.seq(version), Reason: r.u8("reasonCode")}
	if r.flaw != nil {
		return Sendack{}, r.flaw
	}
	if r.left() > 0 { // not to make an error that nobody looks at
		p.ClientMsgNo = string(r.bytes("clientMsgNo"))
	}
	return p, nil
}
