package wstest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/gobwas/ws"
)

// maxHead is the most bytes of a request.
const maxHead = 64 << 10

// ReadRequest reads the client's request, once; later calls return the same.
// If none comes, or what comes is not HTTP, the handler ends.
func (c *Conn) ReadRequest() *http.Request {
	if c.request != nil {
		return c.request
	}
	for !bytes.HasSuffix(c.head, []byte("\r\n\r\n")) {
		line, err := c.reader.ReadSlice('\n')
		c.head = append(c.head, line...)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) || len(c.head) > maxHead {
			c.lost(err)
			panic(over)
		}
	}
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(c.head)))
	if err != nil {
		c.Refuse(http.StatusBadRequest)
		panic(over)
	}
	c.server.identify(c, request)
	return request
}

// Upgrade answers the request with 101. What the greeting says leaves in the
// same write as the 101, as some servers do. A request that is not a valid
// upgrade gets the status that RFC 6455, 4.2 asks for, and the handler ends. A
// connection that is upgraded already stays as it is.
func (c *Conn) Upgrade(greeting ...string) {
	if c.upgraded.Load() {
		return
	}
	answer := c.answer()
	lines := []string{"101"}
	for _, text := range greeting {
		m := Message{Data: []byte(text)}
		lines = append(lines, m.String())
		answer = append(answer, c.pack(m).Bytes()...)
	}
	c.write(answer, lines...)
	c.server.welcome(c)
	c.reading.Go(c.readFrames)
}

// answer is the 101 for the request. The upgrader of gobwas/ws works on the
// bytes of the request and writes to a buffer, so that it is ours what leaves
// when.
func (c *Conn) answer() []byte {
	c.ReadRequest()
	var answer bytes.Buffer
	upgrader := ws.Upgrader{
		Header: ws.HandshakeHeaderHTTP(c.server.header),
		Protocol: func(name []byte) bool {
			for _, ours := range c.server.subprotocols {
				if ours == string(name) {
					return true
				}
			}
			return false
		},
	}
	if c.server.compression {
		upgrader.Negotiate = c.deflation.extension.Negotiate
	}
	_, err := upgrader.Upgrade(struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(c.head), &answer})
	c.deflation.settle()
	if err != nil {
		status := "an error"
		if fields := strings.Fields(answer.String()); len(fields) > 1 {
			status = fields[1]
		}
		c.write(answer.Bytes(), fmt.Sprintf("%s # %v", status, err))
		c.link.drop()
		panic(over)
	}
	return answer.Bytes()
}

// Refuse reads the request, answers it with an HTTP status and header lines
// such as "Retry-After: 3", and ends the connection.
func (c *Conn) Refuse(status int, header ...string) {
	if c.upgraded.Load() {
		return
	}
	if len(c.head) == 0 {
		c.ReadRequest()
	}
	body := http.StatusText(status) + "\n"
	lines := append([]string{
		fmt.Sprintf("HTTP/1.1 %d %s", status, http.StatusText(status)),
		"Content-Type: text/plain",
		fmt.Sprintf("Content-Length: %d", len(body)),
		"Connection: close",
	}, header...)
	shown := append([]string{fmt.Sprint(status)}, header...)
	c.write([]byte(strings.Join(lines, "\r\n")+"\r\n\r\n"+body), strings.Join(shown, " "))
	c.link.drop()
}

// half sends the first half of a 101.
func (c *Conn) half() {
	answer := c.answer()
	c.write(answer[:len(answer)/2], "half a 101")
}

// discard reads and forgets, until the end.
func (c *Conn) discard() {
	_, err := io.Copy(io.Discard, c.reader)
	c.lost(err)
}
