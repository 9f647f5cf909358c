package wstest_test

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/seed14814784/holdfast/transport/wstest"
)

func Example() {
	var transcript wstest.Transcript
	server := wstest.NewServer(wstest.WithTranscript(&transcript), wstest.WithHandler(
		wstest.Sequence(
			wstest.Refuse(503, "Retry-After: 3"),
			func(c *wstest.Conn) {
				c.Expect("hello")
				c.Send("hi")
				c.Close(4001, "replaced")
			},
		)))

	for range 2 { // any client will do
		conn, _, _, err := ws.Dial(context.Background(), server.URL)
		if err != nil {
			transcript.Add("client %v", err)
			continue
		}
		_ = wsutil.WriteClientText(conn, []byte("hello"))
		_, _ = wsutil.ReadServerText(conn)
		_, err = wsutil.ReadServerText(conn)
		transcript.Add("client %v", err)
		_ = conn.Close()
	}
	fmt.Println(server.Close())
	fmt.Print(transcript.String())
	// Output:
	// <nil>
	// peer>  503 Retry-After: 3
	// client unexpected HTTP response status: 503
	// peer>  101
	// us>    text "hello"
	// peer>  text "hi"
	// peer>  close 4001 "replaced"
	// client ws closed: 4001 replaced
}

func ExampleNewServer() {
	server := wstest.NewServer() // echoes
	defer func() { _ = server.Close() }()

	conn, _, _, err := ws.Dial(context.Background(), server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close() }()
	_ = wsutil.WriteClientText(conn, []byte("hello"))
	text, _ := wsutil.ReadServerText(conn)
	fmt.Println(string(text))

	server.Reset()
	_, err = wsutil.ReadServerText(conn)
	fmt.Println(errors.Is(err, syscall.ECONNRESET))
	// Output:
	// hello
	// true
}

func ExampleNewTLSServer() {
	server := wstest.NewTLSServer()
	defer func() { _ = server.Close() }()

	dialer := ws.Dialer{TLSConfig: server.ClientTLS}
	conn, _, _, err := dialer.Dial(context.Background(), server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close() }()
	_ = wsutil.WriteClientText(conn, []byte("over TLS"))
	text, _ := wsutil.ReadServerText(conn)
	fmt.Println(string(text))
	// Output: over TLS
}

func ExampleNewNetwork() {
	network := wstest.NewNetwork()
	server := network.NewServer("chat.example")
	defer func() { _ = server.Close() }()

	dialer := ws.Dialer{NetDial: network.Dial}
	conn, _, _, err := dialer.Dial(context.Background(), server.URL+"/room")
	fmt.Println(server.URL, network.Open(), err)
	_ = conn.Close()

	server.Down()
	_, _, _, err = dialer.Dial(context.Background(), server.URL)
	fmt.Println(err)
	fmt.Println(network.Open(), network.MaxOpen("/room"), len(network.Dials()))
	// Output:
	// ws://chat.example 1 <nil>
	// dial tcp chat.example:80: connect: connection refused
	// 0 1 2
}

func ExampleTranscript_Diff() {
	var transcript wstest.Transcript
	transcript.Add("status %s", "Ready")
	transcript.Add("peer>  eof")
	fmt.Print(transcript.Diff(`
		status  Ready     # spaces and comments do not count
		peer>   reset
	`))
	// Output:
	//   status Ready
	// - peer> reset
	// + peer> eof
}
