package wukongimtest_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wstest"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
	"github.com/seed14814784/holdfast/transport/wukongim/wukongimtest"
)

// speaker is a client that speaks in frames.
type speaker struct {
	net.Conn
	decoder wire.Decoder
	cipher  *wire.Cipher
	unread  []byte
}

// login dials and logs in. Errors show in what comes out.
func login(conn net.Conn, uid string) *speaker {
	s := &speaker{Conn: conn}
	keys, _ := wire.NewKeyPair()
	p := wire.Connect{Version: 5, UID: uid, Token: messages.NewSecret("token-of-" + uid), DeviceID: "d", Key: keys.Public()}
	frame, _ := p.Append(nil, 5)
	_, _ = s.Write(frame)
	ack, _ := s.next().Connack()
	s.cipher, _ = keys.Agree(ack.Key, ack.Salt)
	return s
}

// next is the next frame.
func (s *speaker) next() wire.Frame {
	for {
		f, rest, ok, err := s.decoder.Next(s.unread)
		if s.unread = rest; ok || err != nil {
			return f
		}
		buffer := make([]byte, 1024)
		n, err := s.Read(buffer)
		if s.unread = buffer[:n]; err != nil {
			return wire.Frame{}
		}
	}
}

// say sends a message and waits for the answer.
func (s *speaker) say(group, text string) {
	frame, _ := s.cipher.AppendSend(nil, 5, &wire.Send{ClientSeq: 1, ClientMsgNo: "n1", ChannelID: group, ChannelType: 2, Payload: []byte(text)})
	_, _ = s.Write(frame)
	ack, _ := s.next().Sendack(5)
	fmt.Println("reason", ack.Reason, "seq", ack.MessageSeq)
}

// hear prints a message and acknowledges it.
func (s *speaker) hear() {
	p, _ := s.next().Recv(5)
	text, err := s.cipher.OpenRecv(&p)
	fmt.Printf("%s in %s: %s %v\n", p.FromUID, p.ChannelID, text, err)
	ack := p.Ack()
	frame, _ := ack.Append(nil, 5)
	_, _ = s.Write(frame)
}

func Example() {
	server := wukongimtest.NewServer(wukongimtest.V2)
	server.AddUser("alice", "token-of-alice")
	server.AddUser("bob", "token-of-bob")
	server.AddChannel("tea", 2, "alice", "bob")

	dial := func() net.Conn { // any client will do
		conn, _ := net.Dial("tcp", strings.TrimPrefix(server.TCP, "tcp://"))
		return conn
	}
	alice, bob := login(dial(), "alice"), login(dial(), "bob")
	fmt.Println(server.Online())
	alice.say("tea", "hello")
	bob.hear()
	bob.say("tea", "hi")
	alice.hear()
	_, _ = alice.Close(), bob.Close()
	fmt.Println(server.Close(), len(server.Received()), server.MaxOpen())
	// Output:
	// [alice bob]
	// reason 1 seq 1
	// alice in tea: hello <nil>
	// reason 1 seq 2
	// bob in tea: hi <nil>
	// <nil> 2 1
}

// The same calls are texts where a client speaks JSON-RPC.
func ExampleNewServer() {
	server := wukongimtest.NewServer(wukongimtest.V2)
	defer func() { _ = server.Close() }()
	server.AddUser("alice", "t")

	conn, _ := net.Dial("tcp", strings.TrimPrefix(server.TCP, "tcp://"))
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprint(conn, `{"method":"connect","id":"1","params":{"uid":"alice","token":"t","deviceFlag":0}}`)
	answer, _ := bufio.NewReader(conn).ReadString(',')
	fmt.Println(answer, server.Online())
	// Output: {"jsonrpc":"2.0", [alice]
}

func ExampleNewServerOn() {
	network := wstest.NewNetwork()
	var transcript wstest.Transcript
	server := wukongimtest.NewServerOn(network, "im.example", wukongimtest.V2, wukongimtest.WithTranscript(&transcript))
	server.AddUser("alice", "token-of-alice")
	fmt.Println(server.TCP, server.WS, server.API)

	conn, _ := network.Dial(context.Background(), "tcp", "im.example:5100")
	alice := login(conn, "alice")
	server.Conns("alice")[0].Disconnect(12, "login in other device")
	p, _ := alice.next().Disconnect()
	fmt.Println(p.Reason, p.Text)
	fmt.Println(server.Close())
	fmt.Print(transcript.String())
	// Output:
	// tcp://im.example:5100 ws://im.example:5200 http://im.example:5001
	// 12 login in other device
	// <nil>
	// us>    alice CONNECT v5 device=0 "d"
	// peer>  alice CONNACK 1 v5
	// peer>  alice DISCONNECT 12 "login in other device"
	// peer>  alice eof
}
