package wstest

// Malformed is a collection of what no server may send: from a sentence to the
// bytes that come after the 101, for [Conn.WriteRaw]. A client must end the
// connection, with the close code in Code where RFC 6455 names one.
func Malformed() map[string]Malice {
	return map[string]Malice{
		"reserved bit 1 without an extension":  {1002, frames(Frame{Op: OpText, Rsv: 4, Data: []byte("x")})},
		"reserved bit 2":                       {1002, frames(Frame{Op: OpText, Rsv: 2, Data: []byte("x")})},
		"reserved bit 3":                       {1002, frames(Frame{Op: OpText, Rsv: 1, Data: []byte("x")})},
		"a reserved data opcode":               {1002, frames(Frame{Op: 0x3, Data: []byte("x")})},
		"a reserved control opcode":            {1002, frames(Frame{Op: 0xB})},
		"a masked frame":                       {1002, frames(Frame{Op: OpText, Masked: true, Data: []byte("x")})},
		"a fragmented ping":                    {1002, frames(Frame{Op: OpPing, More: true})},
		"a fragmented close":                   {1002, frames(Frame{Op: OpClose, More: true})},
		"a ping of 126 bytes":                  {1002, frames(Frame{Op: OpPing, Data: make([]byte, 126)})},
		"a close of 126 bytes":                 {1002, frames(Frame{Op: OpClose, Data: closeBody(1000, string(make([]byte, 124)))})},
		"a continuation of nothing":            {1002, frames(Frame{Op: OpContinuation, Data: []byte("x")})},
		"a message within a message":           {1002, frames(Frame{Op: OpText, More: true, Data: []byte("x")}, Frame{Op: OpText, Data: []byte("y")})},
		"a length of 64 bits with the top bit": {1002, []byte{0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 1}},
		"a length in more bytes than needed":   {1002, []byte{0x82, 126, 0, 1, 'x'}},
		"text that is not UTF-8":               {1007, frames(Frame{Op: OpText, Data: []byte{'a', 0xff}})},
		"text that is not UTF-8 when joined":   {1007, frames(Frame{Op: OpText, More: true, Data: []byte{0xc3}}, Frame{Op: OpContinuation, Data: []byte("x")})},
		"text that ends within a character":    {1007, frames(Frame{Op: OpText, Data: []byte{'a', 0xc3}})},
		"text with a surrogate":                {1007, frames(Frame{Op: OpText, Data: []byte{0xed, 0xa0, 0x80}})},
		"another protocol":                     {1002, []byte("HTTP/1.1 400 Bad Request\r\n\r\n")},
	}
}

// Malice is one thing that no server may send.
type Malice struct {
	Code int // what the client's close frame should say
	Raw  []byte
}

func frames(all ...Frame) (raw []byte) {
	for _, f := range all {
		raw = append(raw, f.Bytes()...)
	}
	return raw
}
