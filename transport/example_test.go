package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// echoServer answers one connection with what it hears.
func echoServer() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		conn, err := listener.Accept()
		_ = listener.Close()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		if _, err := ws.Upgrade(conn); err != nil {
			return
		}
		for {
			data, op, err := wsutil.ReadClientData(conn)
			if err != nil || wsutil.WriteServerMessage(conn, op, data) != nil {
				return
			}
		}
	}()
	return "ws://" + listener.Addr().String()
}

// A Conn is driven by readiness: notify rings, Read is called until it would
// block.
func ExampleWebSocket() {
	dialer := &transport.WebSocket{WriteTimeout: 5 * time.Second}
	conn, err := dialer.Dial(context.Background(), transport.Target{URL: echoServer()})
	if err != nil {
		fmt.Println(err)
		return
	}
	ready := make(chan struct{}, 1)
	conn.Watch(func() func() {
		select {
		case ready <- struct{}{}:
		default:
		}
		return nil
	})
	_ = conn.Write(transport.Frame{Kind: transport.FrameText, Data: []byte("hello")})
	for {
		frame, err := conn.Read()
		if errors.Is(err, transport.ErrWouldBlock) {
			<-ready
			continue
		}
		if err != nil {
			fmt.Println(transport.ReasonOf(err, messages.ReasonReadError))
			break
		}
		fmt.Printf("%s\n", frame.Data)
		_ = conn.Close(1000, "bye")
	}
	gone := make(chan struct{})
	conn.Abort(func() { close(gone) })
	<-gone
	// Output:
	// hello
	// PeerClose (websocket 1000)
}

// A protocol that frames itself finds its units in the chunks of the stream: here
// they are lines.
func ExampleTCP() {
	network := wstest.NewNetwork() // a program leaves NetDial out
	server := network.NewServer("chat.example:5100", wstest.WithHandler(func(c *wstest.Conn) {
		c.Plain()
		c.WriteRaw([]byte("hel"))
		c.WriteRaw([]byte("lo\nbye\n"))
	}))
	defer func() { _ = server.Close() }()

	dialer := &transport.TCP{NetDial: network.Dial}
	conn, err := dialer.Dial(context.Background(), transport.Target{URL: "tcp://chat.example:5100"})
	if err != nil {
		fmt.Println(err)
		return
	}
	ready := make(chan struct{}, 1)
	conn.Watch(func() func() {
		select {
		case ready <- struct{}{}:
		default:
		}
		return nil
	})
	_ = conn.Close(0, "") // our side is done; the peer's is heard to its end
	var stream []byte
	for {
		chunk, err := conn.Read()
		if errors.Is(err, transport.ErrWouldBlock) {
			<-ready
			continue
		}
		if err != nil {
			fmt.Println(transport.ReasonOf(err, messages.ReasonReadError))
			break
		}
		stream = append(stream, chunk.Data...)
		for {
			line, rest, whole := bytes.Cut(stream, []byte("\n"))
			if !whole {
				break
			}
			fmt.Printf("%s\n", line)
			stream = rest
		}
	}
	gone := make(chan struct{})
	conn.Abort(func() { close(gone) })
	<-gone
	// Output:
	// hello
	// bye
	// ReadEOF
}

func ExampleTCP_Check() {
	fmt.Println((&transport.TCP{WriteLimit: -1}).Check())
	// Output: tcp: InvalidSpec: WriteLimit is negative; 0 means the default
}

func ExampleSchemes() {
	web, stream := new(transport.WebSocket), new(transport.TCP)
	dialers := transport.Schemes{"ws": web, "wss": web, "tcp": stream, "tls": stream}
	fmt.Println(dialers.Check())
	_, err := dialers.Dial(context.Background(), transport.Target{URL: "quic://chat.example:5100"})
	fmt.Println(err)
	// Output:
	// <nil>
	// dial: BadRequest: the URL "quic://chat.example:5100" is not usable: no dialer is known for its scheme, only for tcp, tls, ws, wss
}

func ExampleWebSocket_Dial_reasons() {
	_, err := new(transport.WebSocket).Dial(context.Background(), transport.Target{URL: "http://chat.example/?token=secret"})
	fmt.Println(errors.Is(err, messages.ReasonBadRequest))
	fmt.Println(err)
	// Output:
	// true
	// dial: BadRequest: the URL "http://chat.example/?token=***" is not usable: the scheme is neither ws nor wss
}

func ExampleWebSocket_Check() {
	dialer := &transport.WebSocket{WriteLimit: -1, Subprotocols: []string{"not a token"}}
	fmt.Println(dialer.Check())
	// Output:
	// websocket: InvalidSpec: WriteLimit is negative; 0 means the default
	// websocket: InvalidSpec: the subprotocol "not a token" is not a token (RFC 6455, 4.1)
}

func ExampleProxyURL() {
	dialer := &transport.WebSocket{Proxy: transport.ProxyURL("socks5://user:secret@proxy.example:1080")}
	proxy, err := dialer.Proxy(&url.URL{Scheme: "wss", Host: "chat.example"})
	fmt.Println(proxy.Host, err)
	// Output: proxy.example:1080 <nil>
}

func ExampleStatic() {
	target, err := transport.Static("wss://chat.example/socket").Resolve(context.Background(), transport.AddressRequest{})
	fmt.Println(target.URL, err)
	// Output: wss://chat.example/socket <nil>
}

// printer is a Link that prints what a session does.
type printer struct{ transport.Link }

func (printer) LoggedIn(transport.Login) { fmt.Println("logged in") }
func (printer) HeartbeatAnswered()       { fmt.Println("heartbeat answered") }
func (printer) Write(f transport.Frame) error {
	fmt.Printf("out %s\n", f.Data)
	return nil
}
func (printer) Deliver(_ messages.Kind, name string, data []byte) {
	fmt.Printf("in  %q %s\n", name, data)
}

func ExampleRaw() {
	session := transport.Raw().NewSession(transport.Opening{Channel: "room1"})
	_ = session.Open(printer{})
	_ = session.Send(printer{}, 1, messages.Text("hello"))
	_ = session.Receive(printer{}, transport.Frame{Kind: transport.FrameText, Data: []byte("hi")})
	// Output:
	// logged in
	// out hello
	// in  "" hi
}

func ExampleEnvelope() {
	session := transport.Envelope(transport.EnvelopeOptions{}).NewSession(transport.Opening{Channel: "room1"})
	_ = session.Send(printer{}, 1, messages.Text(`{"text":"hello"}`).Typed("chat"))
	_ = session.Heartbeat(printer{})
	_ = session.Receive(printer{}, transport.Frame{Kind: transport.FrameText, Data: []byte(`{"type":"pong"}`)})
	_ = session.Receive(printer{}, transport.Frame{Kind: transport.FrameText, Data: []byte(`{"type":"chat","payload":{"text":"hi"}}`)})
	// Output:
	// out {"type":"chat","channelId":"room1","payload":{"text":"hello"}}
	// out {"type":"ping"}
	// heartbeat answered
	// in  "chat" {"text":"hi"}
}

// The heartbeat of backends that do not use WebSocket pings, and answer it.
func ExampleEnvelope_heartbeat() {
	protocol := transport.Envelope(transport.EnvelopeOptions{
		TypeField: "module", PayloadField: "message", ChannelField: "-",
		Heartbeat:       `{"module":"HEART_CHECK","message":"ping"}`,
		HeartbeatAnswer: "HEART_CHECK",
	})
	session := protocol.NewSession(transport.Opening{})
	_ = session.Heartbeat(printer{})
	_ = session.Receive(printer{}, transport.Frame{Kind: transport.FrameText, Data: []byte(`{"module":"HEART_CHECK","message":"pong"}`)})
	// Output:
	// out {"module":"HEART_CHECK","message":"ping"}
	// heartbeat answered
}

// The heartbeat of a Flutter client whose backend answers nothing. The protocol
// says what is sent; that silence proves nothing is said in the specification of
// the channel:
//
//	supervisor.Spec{
//		Protocol:  protocol,
//		Keepalive: supervisor.Keepalive{Interval: 30 * time.Second, OneWay: true},
//	}
func ExampleEnvelope_oneWay() {
	protocol := transport.Envelope(transport.EnvelopeOptions{
		TypeField: "module", PayloadField: "message", ChannelField: "-",
		Heartbeat:       `{"module":"HEART_CHECK","message":"请求心跳"}`,
		HeartbeatAnswer: "-",
	})
	session := protocol.NewSession(transport.Opening{})
	_ = session.Heartbeat(printer{})
	_ = session.Receive(printer{}, transport.Frame{Kind: transport.FrameText, Data: []byte(`{"module":"CHAT","message":"hi"}`)})
	// Output:
	// out {"module":"HEART_CHECK","message":"请求心跳"}
	// in  "CHAT" "hi"
}
