package wire

// The actions of a Sub.
const (
	Subscribe   byte = 0
	Unsubscribe byte = 1
)

// Sub subscribes a client to a channel, or ends that: SUB, or the requests subscribe
// and unsubscribe. Neither of the servers that were looked at answers it.
type Sub struct {
	Flags       Flags
	Setting     Setting
	SubNo       string
	ChannelID   string
	ChannelType byte
	Action      byte
	Param       string
}

// Append appends the frame.
func (p *Sub) Append(b []byte, _ byte) ([]byte, error) {
	w := begin(b, TypeSub, p.Flags)
	w.u8(byte(p.Setting))
	w.text("subNo", p.SubNo)
	w.text("channelId", p.ChannelID)
	w.u8(p.ChannelType)
	w.u8(p.Action)
	w.text("param", p.Param)
	return w.end()
}

// Sub reads a SUB.
func (f Frame) Sub() (Sub, error) {
	r := f.reader()
	p := Sub{Flags: f.Flags, Setting: Setting(r.u8("setting"))}
	number, channel := r.text("subNo"), r.text("channelId")
	p.ChannelType, p.Action = r.u8("channelType"), r.u8("action")
	param := r.text("param")
	if r.flaw != nil {
		return Sub{}, r.flaw
	}
	head := r.head()
	p.SubNo, p.ChannelID, p.Param = number.of(head), channel.of(head), param.of(head)
	return p, nil
}

// Suback answers a Sub: SUBACK.
type Suback struct {
	Flags       Flags
	SubNo       string
	ChannelID   string
	ChannelType byte
	Action      byte
	Reason      byte // 1: accepted
}

// Append appends the frame.
func (p *Suback) Append(b []byte, _ byte) ([]byte, error) {
	w := begin(b, TypeSuback, p.Flags)
	w.text("subNo", p.SubNo)
	w.text("channelId", p.ChannelID)
	w.u8(p.ChannelType)
	w.u8(p.Action)
	w.u8(p.Reason)
	return w.end()
}

// Suback reads a SUBACK.
func (f Frame) Suback() (Suback, error) {
	r := f.reader()
	number, channel := r.text("subNo"), r.text("channelId")
	p := Suback{Flags: f.Flags, ChannelType: r.u8("channelType"), Action: r.u8("action"), Reason: r.u8("reasonCode")}
	if r.flaw != nil {
		return Suback{}, r.flaw
	}
	head := r.head()
	p.SubNo, p.ChannelID = number.of(head), channel.of(head)
	return p, nil
}
