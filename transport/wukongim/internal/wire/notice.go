package wire

// Disconnect is an ending that is said beforehand, by either side: DISCONNECT, or
// disconnect, which is a request of clients and a notification of servers.
type Disconnect struct {
	Reason byte
	Text   string
}

// Append appends the frame.
func (p *Disconnect) Append(b []byte, _ byte) ([]byte, error) {
	w := begin(b, TypeDisconnect, 0)
	w.u8(p.Reason)
	w.text("reason", p.Text)
	return w.end()
}

// Disconnect reads a DISCONNECT.
func (f Frame) Disconnect() (Disconnect, error) {
	r := f.reader()
	p := Disconnect{Reason: r.u8("reasonCode"), Text: string(r.bytes("reason"))}
	if r.flaw != nil {
		return Disconnect{}, r.flaw
	}
	return p, nil
}

// Event tells a client of something that is no message: EVENT, or the notification
// event.
type Event struct {
	Flags Flags
	ID    string
	Type  string
	At    int64 // milliseconds since 1970
	Data  []byte
}

// Append appends the frame.
func (p *Event) Append(b []byte, _ byte) ([]byte, error) {
	w := begin(b, TypeEvent, p.Flags)
	w.text("id", p.ID)
	w.text("type", p.Type)
	w.u64(uint64(p.At))
	w.rest("data", p.Data)
	return w.end()
}

// Event reads an EVENT. Data is a part of the frame.
func (f Frame) Event() (Event, error) {
	r := f.reader()
	id, kind := r.text("id"), r.text("type")
	p := Event{Flags: f.Flags, At: int64(r.u64("timestamp"))}
	if r.flaw != nil {
		return Event{}, r.flaw
	}
	head := r.head()
	p.ID, p.Type, p.Data = id.of(head), kind.of(head), r.rest()
	return p, nil
}
