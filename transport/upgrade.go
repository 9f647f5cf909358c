package transport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws"

	"github.com/seed14814784/holdfast/messages"
)

// maxAnswer bounds the head of the server's answer to the upgrade.
const maxAnswer = 64 << 10

// answer is what a server said when it accepted the upgrade.
type answer struct {
	info     ConnInfo
	leftover []byte // frames that came together with it
}

// recorder reads from the connection and keeps a copy, up to a limit: a
// refusal has to be read a second time, and a head that never ends must not
// fill the memory.
type recorder struct {
	net.Conn
	seen []byte
}

var errLongAnswer = errors.New("the head of the answer is longer than 64 KiB")

func (r *recorder) Read(b []byte) (int, error) {
	if len(r.seen) >= maxAnswer {
		return 0, errLongAnswer
	}
	n, err := r.Conn.Read(b)
	r.seen = append(r.seen, b[:n]...)
	return n, err
}

// upgrade sends the request and reads the answer (RFC 6455, 4). Errors of the
// socket come back as they are; everything that the server said wrong is an
// *[messages.Error].
func (h *handshake) upgrade(conn net.Conn) (answer, error) {
	header := make(http.Header)
	dialer := ws.Dialer{
		Protocols: h.subprotocols,
		Header:    ws.HandshakeHeaderHTTP(h.header),
		Host:      h.host,
		OnHeader: func(key, value []byte) error {
			header.Add(string(key), string(value))
			return nil
		},
	}
	if h.compression {
		dialer.Extensions = []httphead.Option{deflateOffer.Option()}
	}
	recorder := &recorder{Conn: conn}
	reader, handshake, err := dialer.Upgrade(recorder, h.url)
	var leftover []byte
	if reader != nil {
		leftover, _ = reader.Peek(reader.Buffered())
		leftover = bytes.Clone(leftover)
		ws.PutReader(reader)
	}
	if err != nil {
		return answer{}, h.refused(err, recorder)
	}
	compressed, ok := deflateAgreed(handshake.Extensions)
	if !ok {
		return answer{}, h.fail(nil, messages.Because(messages.ReasonProtocolError, "the server agreed to a compression that was not offered (RFC 7692, 7.1); turn Compression off"))
	}
	return answer{
		info: ConnInfo{
			Local: conn.LocalAddr(), Remote: conn.RemoteAddr(),
			Subprotocol: handshake.Protocol, Header: header, Compressed: compressed,
		},
		leftover: leftover,
	}, nil
}

// refused finds out why there was no upgrade: if what the server sent is an
// HTTP answer with another status, then that is the reason, even where it is
// too odd for a WebSocket handshake, such as HTTP/1.0 from a load balancer. The
// head says it all: the body is left unread, since it may never end, and goes
// with the socket.
func (h *handshake) refused(err error, recorder *recorder) error {
	if isIO(err) {
		return err
	}
	seen := bytes.NewReader(recorder.seen)
	more := &io.LimitedReader{R: recorder.Conn, N: int64(max(0, maxAnswer-len(recorder.seen)))}
	response, httpErr := http.ReadResponse(bufio.NewReader(io.MultiReader(seen, more)), nil)
	switch {
	case httpErr == nil && response.StatusCode != http.StatusSwitchingProtocols:
		return h.fail(nil, refusal(response))
	case httpErr != nil && isIO(httpErr) && !errors.Is(httpErr, io.ErrUnexpectedEOF):
		return httpErr
	}
	return h.fail(err, messages.Because(messages.ReasonProtocolError, "the server's answer is not a WebSocket upgrade (RFC 6455, 4.1)"))
}

// isIO reports whether the error is one of the connection, not of what was on
// it.
func isIO(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe)
}
