package supervisor

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// Messages of all sizes, whole and in fragments, one by one and in bursts, to a handler
// that is sometimes slow. Borrowed or kept, each is what was sent when it is looked at.
func TestDataIsTheHandlersForTheCallOrForEver(t *testing.T) {
	for name, borrow := range map[string]bool{"borrowed": true, "kept": false} {
		t.Run(name, func(t *testing.T) {
			inScene(t, func(s *scene) {
				random := rand.New(rand.NewPCG(1, 2))
				sent := make([][]byte, 2000)
				for n := range sent {
					sent[n] = make([]byte, []int{0, 1, 128, 700, 3000, 20_000}[random.IntN(6)])
					for i := range sent[n] {
						sent[n][i] = byte(n + i)
					}
				}
				s.server.Handle(func(c *wstest.Conn) {
					c.Upgrade()
					for _, data := range sent {
						if cut := random.IntN(len(data) + 1); random.IntN(4) == 0 {
							c.WriteFrame(wstest.Frame{Op: wstest.OpBinary, More: true, Data: data[:cut]})
							c.WriteFrame(wstest.Frame{Data: data[cut:]})
						} else {
							c.SendBinary(data)
						}
						if random.IntN(50) == 0 {
							time.Sleep(time.Second)
						}
					}
					for range c.Messages() { // it is alive
					}
				})
				spec := s.spec("a")
				spec.Borrow, spec.Inbox.Messages = borrow, 64
				var kept [][]byte
				count := 0
				spec.Handler = func(m messages.Received) {
					if count%100 == 99 {
						time.Sleep(500 * time.Millisecond)
					}
					if borrow && !bytes.Equal(m.Data, sent[count]) {
						t.Errorf("message %d is %d bytes of something else", count, len(m.Data))
					}
					count++
					if !borrow {
						kept = append(kept, m.Data)
					}
				}
				s.open(spec)
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if count != len(sent) {
					t.Errorf("%d of %d came", count, len(sent))
				}
				for n, data := range kept {
					if !bytes.Equal(data, sent[n]) {
						t.Errorf("message %d has become something else", n)
					}
				}
			})
		})
	}
}

// hoarder is a protocol around another one, whose sessions keep the frames they see.
type hoarder struct {
	transport.Protocol
	kept *[][]byte
}

func (h hoarder) NewSession(o transport.Opening) transport.Session {
	return hoarding{h.Protocol.NewSession(o), h.kept}
}

type hoarding struct {
	transport.Session
	kept *[][]byte
}

func (h hoarding) Receive(link transport.Link, frame transport.Frame) error {
	*h.kept = append(*h.kept, frame.Data)
	return h.Session.Receive(link, frame)
}

func TestASessionThatDoesNotSayThatItBorrowsMayKeepItsFrames(t *testing.T) {
	inScene(t, func(s *scene) {
		s.server.Handle(func(c *wstest.Conn) {
			c.Upgrade()
			for n := range 100 {
				c.Send(fmt.Sprintf("message %03d", n))
				time.Sleep(time.Millisecond)
			}
			for range c.Messages() { // it is alive
			}
		})
		var kept [][]byte
		spec := s.spec("a")
		spec.Borrow, spec.Protocol = true, hoarder{transport.Raw(), &kept}
		s.open(spec)
		time.Sleep(time.Second)
		synctest.Wait()
		for n, data := range kept {
			if want := fmt.Sprintf("message %03d", n); string(data) != want {
				t.Errorf("it keeps %q instead of %q", data, want)
			}
		}
		if len(kept) != 100 {
			t.Errorf("it keeps %d", len(kept))
		}
	})
}
