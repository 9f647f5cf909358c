package centrifugo_test

import (
	"fmt"
	"sync/atomic"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/centrifugo"
)

// printer is a Link that prints what a session does with it.
type printer struct{ transport.Link }

func (printer) Write(f transport.Frame) error {
	fmt.Printf("out  %s\n", f.Data)
	return nil
}
func (printer) Keep(any)                       {}
func (printer) LoggedIn(login transport.Login) { fmt.Println("up   heartbeat", login.Heartbeat) }
func (printer) Acknowledge(id messages.MessageID, reason messages.Reason, _ any) {
	fmt.Println("sent", id, reason)
}
func (printer) Room(t transport.Ticket, news transport.RoomNews) {
	fmt.Println("room", t.Room, news.Kind, news.Position, news.Reason)
}
func (printer) Publish(room messages.RoomID, p transport.Publication) {
	fmt.Printf("in   %s %d %s\n", room, p.Offset, p.Data)
}

// A service puts the protocol into a supervisor.Spec and joins rooms through its
// channel. What goes over the wire then looks like this.
func Example() {
	var ignored atomic.Uint64
	protocol := centrifugo.New(centrifugo.Options{Name: "billing", Ignored: &ignored})
	session := protocol.NewSession(transport.Opening{Channel: "c1", Token: messages.NewToken("secret")})
	hear := func(text string) error {
		return session.Receive(printer{}, transport.Frame{Kind: transport.FrameText, Data: []byte(text)})
	}

	_ = session.Open(printer{})
	_ = hear(`{"id":1,"connect":{"client":"x","ping":25,"pong":true}}`)

	rooms := session.(transport.RoomSession)
	tea := transport.JoinRequest{Ticket: transport.Ticket{Room: "tea", Number: 1}, Position: messages.Position{Epoch: "e", Offset: 5}}
	_ = rooms.Join(printer{}, tea)
	_ = hear(`{"id":2,"subscribe":{"recoverable":true,"epoch":"e","offset":5,"recovered":true}}` + "\n" +
		`{"push":{"channel":"tea","pub":{"data":"hello","offset":6}}}`)

	_ = session.Send(printer{}, 7, messages.Text(`"hi"`).In("tea"))
	_ = hear(`{"id":3,"error":{"code":103,"message":"permission denied"}}`)
	_ = hear(`{"push":{"channel":"tea","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}`)
	fmt.Println(hear(`{"push":{"disconnect":{"code":3503,"reason":"force disconnect"}}}`), ignored.Load())
	// Output:
	// out  {"id":1,"connect":{"token":"secret","name":"billing"}}
	// up   heartbeat 25s
	// out  {"id":2,"subscribe":{"channel":"tea","recover":true,"epoch":"e","offset":5,"positioned":true,"recoverable":true}}
	// room tea Joined {e 5} OK
	// in   tea 6 "hello"
	// out  {"id":3,"publish":{"channel":"tea","data":"hi"}}
	// sent 7 Nack (centrifugo 103 "permission denied")
	// room tea Evicted { 0} KickedFromRoom (centrifugo 2000 "server unsubscribe")
	// receive: KickedByAdmin (centrifugo 3503 "force disconnect"): an administrator ended this login 0
}

// Options that will not do are reported when a channel is opened.
func ExampleNew() {
	protocol := centrifugo.New(centrifugo.Options{Data: []byte(`{"device":`)})
	fmt.Println(protocol.(interface{ Check() error }).Check())
	// Output: centrifugo: InvalidSpec: Options.Data has 10 bytes that are not JSON in UTF-8
}
