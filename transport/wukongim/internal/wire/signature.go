package wire

import "strconv"

// What a msgKey is made of: fields side by side as text, with the payload as it is on
// the wire. Nothing stands between them.

func (p *Send) appendSigned(b []byte) []byte {
	b = strconv.AppendUint(b, uint64(p.ClientSeq), 10)
	b = append(b, p.ClientMsgNo...)
	b = append(b, p.ChannelID...)
	b = strconv.AppendUint(b, uint64(p.ChannelType), 10)
	return append(b, p.Payload...)
}

func (p *Recv) appendSigned(b []byte) []byte {
	b = strconv.AppendInt(b, p.MessageID, 10)
	b = strconv.AppendUint(b, p.MessageSeq, 10)
	b = append(b, p.ClientMsgNo...)
	b = strconv.AppendInt(b, int64(p.Timestamp), 10)
	b = append(b, p.FromUID...)
	b = append(b, p.ChannelID...)
	b = strconv.AppendUint(b, uint64(p.ChannelType), 10)
	return append(b, p.Payload...)
}
