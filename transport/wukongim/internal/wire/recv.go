package wire

// Recv is a message for a client: RECV, or the notification recv.
type Recv struct {
	Flags       Flags // its Recvack repeats them
	Setting     Setting
	MsgKey      []byte // proves that the message is as it was sent; see Cipher
	FromUID     string
	ChannelID   string // of a person: the other one's uid
	ChannelType byte
	Expire      uint32 // seconds; 0: never
	ClientMsgNo string // the sender's
	StreamFlag  byte
	StreamNo    string
	StreamID    uint64
	MessageID   int64
	MessageSeq  uint64 // in its channel; 0: it is not stored
	Timestamp   int32  // the server's clock, seconds since 1970
	Topic       string
	Payload     []byte
}

// Append appends the frame.
func (p *Recv) Append(b []byte, version byte) ([]byte, error) {
	w := begin(b, TypeRecv, p.Flags)
	w.u8(byte(p.Setting))
	w.bytes("msgKey", p.MsgKey)
	w.text("fromUid", p.FromUID)
	w.text("channelId", p.ChannelID)
	w.u8(p.ChannelType)
	if version >= VersionExpire {
		w.u32(p.Expire)
	}
	w.text("clientMsgNo", p.ClientMsgNo)
	if p.Setting.streams(version) {
		w.u8(p.StreamFlag)
		w.text("streamNo", p.StreamNo)
		w.u64(p.StreamID)
	}
	w.u64(uint64(p.MessageID))
	w.seq(p.MessageSeq, version)
	w.u32(uint32(p.Timestamp))
	if p.Setting.Has(Topic) {
		w.text("topic", p.Topic)
	}
	w.rest("payload", p.Payload)
	return w.end()
}

// Recv reads a RECV. MsgKey and Payload are parts of the frame.
func (f Frame) Recv(version byte) (Recv, error) {
	r := f.reader()
	p := Recv{Flags: f.Flags, Setting: Setting(r.u8("setting")), MsgKey: r.bytes("msgKey")}
	var stream, topic span
	from, channel := r.text("fromUid"), r.text("channelId")
	p.ChannelType = r.u8("channelType")
	if version >= VersionExpire {
		p.Expire = r.u32("expire")
	}
	number := r.text("clientMsgNo")
	if p.Setting.streams(version) {
		p.StreamFlag = r.u8("streamFlag")
		stream = r.text("streamNo")
		p.StreamID = r.u64("streamId")
	}
	p.MessageID = int64(r.u64("messageId"))
	p.MessageSeq = r.seq(version)
	p.Timestamp = int32(r.u32("timestamp"))
	if p.Setting.Has(Topic) {
		topic = r.text("topic")
	}
	if r.flaw != nil {
		return Recv{}, r.flaw
	}
	head := r.head()
	p.FromUID, p.ChannelID, p.ClientMsgNo = from.of(head), channel.of(head), number.of(head)
	p.StreamNo, p.Topic = stream.of(head), topic.of(head)
	p.Payload = r.rest()
	return p, nil
}

// Recvack says that a message was received: RECVACK, or the notification recvack.
type Recvack struct {
	Flags      Flags // of the message
	MessageID  int64
	MessageSeq uint64
}

// Ack is the acknowledgement of the message.
func (p *Recv) Ack() Recvack { return Recvack{p.Flags, p.MessageID, p.MessageSeq} }

// Append appends the frame.
func (p *Recvack) Append(b []byte, version byte) ([]byte, error) {
	w := begin(b, TypeRecvack, p.Flags)
	w.u64(uint64(p.MessageID))
	w.seq(p.MessageSeq, version)
	return w.end()
}

// Recvack reads a RECVACK.
func (f Frame) Recvack(version byte) (Recvack, error) {
	r := f.reader()
	p := Recvack{f.Flags, int64(r.u64("messageId")), r.seq(version)}
	if r.flaw != nil {
		return Recvack{}, r.flaw
	}
	return p, nil
}
