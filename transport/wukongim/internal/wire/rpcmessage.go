package wire

// AppendJSON appends the request. Its id is what the answer is known by: ClientSeq
// is not written.
func (p *Send) AppendJSON(b []byte, id string) []byte {
	return ask(b, MethodSend, id, rpcSend{
		Header: headerOf(p.Flags), Setting: settingOf(p.Setting), MsgKey: string(p.MsgKey), Expire: p.Expire,
		ClientMsgNo: p.ClientMsgNo, StreamNo: p.StreamNo, ChannelID: p.ChannelID, ChannelType: p.ChannelType,
		Topic: p.Topic, Payload: filled(p.Payload),
	})
}

// Send reads the params of send.
func (c *Call) Send() (Send, error) {
	p, err := parse[rpcSend](MethodSend, c.params)
	return Send{
		Flags: p.Header.flags(), Setting: p.Setting.setting(), MsgKey: bare(p.MsgKey), Expire: p.Expire,
		ClientMsgNo: p.ClientMsgNo, StreamNo: p.StreamNo, ChannelID: p.ChannelID, ChannelType: p.ChannelType,
		Topic: p.Topic, Payload: bare(p.Payload),
	}, err
}

// AppendJSON appends the result. ClientSeq and ClientMsgNo are not written.
func (p *Sendack) AppendJSON(b []byte, id string) []byte {
	return answer(b, id, rpcSendack{headerOf(p.Flags), rpcID(p.MessageID), p.MessageSeq, p.Reason}, nil)
}

// Sendack reads the result of send.
func (c *Call) Sendack() (Sendack, error) {
	p, err := parse[rpcSendack](MethodSend, c.result)
	return Sendack{Flags: p.Header.flags(), MessageID: int64(p.MessageID), MessageSeq: p.MessageSeq, Reason: p.Reason}, err
}

// AppendJSON appends the notification. It is never signed and has no stream.
func (p *Recv) AppendJSON(b []byte) []byte {
	return ask(b, MethodRecv, "", rpcRecv{
		Header: headerOf(p.Flags), Setting: settingOf(p.Setting), Expire: p.Expire,
		MessageID: rpcID(p.MessageID), MessageSeq: p.MessageSeq, ClientMsgNo: p.ClientMsgNo, Timestamp: p.Timestamp,
		ChannelID: p.ChannelID, ChannelType: p.ChannelType, Topic: p.Topic, FromUID: p.FromUID, Payload: filled(p.Payload),
	})
}

// Recv reads the params of recv.
func (c *Call) Recv() (Recv, error) {
	p, err := parse[rpcRecv](MethodRecv, c.params)
	return Recv{
		Flags: p.Header.flags(), Setting: p.Setting.setting(), Expire: p.Expire,
		MessageID: int64(p.MessageID), MessageSeq: p.MessageSeq, ClientMsgNo: p.ClientMsgNo, Timestamp: p.Timestamp,
		ChannelID: p.ChannelID, ChannelType: p.ChannelType, Topic: p.Topic, FromUID: p.FromUID, Payload: bare(p.Payload),
	}, err
}

// AppendJSON appends the notification. It has no id: a server takes a recvack with
// one for a mistake, and answers nothing any more.
func (p *Recvack) AppendJSON(b []byte) []byte {
	return ask(b, MethodRecvack, "", rpcRecvack{headerOf(p.Flags), rpcID(p.MessageID), p.MessageSeq})
}

// Recvack reads the params of recvack.
func (c *Call) Recvack() (Recvack, error) {
	p, err := parse[rpcRecvack](MethodRecvack, c.params)
	return Recvack{p.Header.flags(), int64(p.MessageID), p.MessageSeq}, err
}

// AppendJSON appends the request of the packet's action.
func (p *Sub) AppendJSON(b []byte, id string) []byte {
	method := MethodSubscribe
	if p.Action == Unsubscribe {
		method = MethodUnsubscribe
	}
	return ask(b, method, id, rpcSub{p.SubNo, p.ChannelID, p.ChannelType, p.Param})
}

// Sub reads the params of subscribe or unsubscribe.
func (c *Call) Sub() (Sub, error) {
	p, err := parse[rpcSub](c.Method, c.params)
	return Sub{SubNo: p.SubNo, ChannelID: p.ChannelID, ChannelType: p.ChannelType, Action: pick(c.Method == MethodUnsubscribe, Unsubscribe), Param: p.Param}, err
}

// AppendJSON appends the notification. Its data is text.
func (p *Event) AppendJSON(b []byte) []byte {
	return ask(b, MethodEvent, "", rpcEvent{headerOf(p.Flags), p.ID, p.Type, p.At, string(p.Data)})
}

// Event reads the params of event.
func (c *Call) Event() (Event, error) {
	p, err := parse[rpcEvent](MethodEvent, c.params)
	return Event{p.Header.flags(), p.ID, p.Type, p.At, bare(p.Data)}, err
}
