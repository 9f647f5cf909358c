package wstest

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
)

func TestTwoHundredClientsLiveThroughAnHourOfFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork()
		server := network.NewServer("host", WithTest(t))
		stop := time.Now().Add(time.Hour)
		var clients sync.WaitGroup
		for i := range 200 {
			clients.Go(func() {
				url := fmt.Sprintf("%s/%d", server.URL, i)
				for time.Now().Before(stop) {
					conn, _, err := try(t.Context(), url, network.Dial, nil)
					if err != nil {
						time.Sleep(time.Second)
						continue
					}
					c := &client{Conn: conn, t: t, reader: conn}
					for time.Now().Before(stop) {
						_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
						if ws.WriteFrame(conn, ws.MaskFrame(ws.NewTextFrame([]byte("x")))) != nil || c.see() != `text "x"` {
							break
						}
						time.Sleep(20 * time.Second)
					}
					_ = conn.Close()
				}
			})
		}
		faults := []func(){network.Cut, network.Mend, network.Reset, server.Drop, server.Down, func() { _ = server.Up() }}
		for i := range 60 {
			time.Sleep(time.Minute - time.Millisecond)
			faults[i%len(faults)]()
			time.Sleep(time.Millisecond)
		}
		clients.Wait()
		synctest.Wait()
		if network.MaxOpen() != 1 || network.Open() != 0 || server.Open() != 0 {
			t.Error(network.MaxOpen(), network.Open(), server.Open())
		}
		if live := server.Conns(); len(live) != 0 {
			t.Errorf("%d connections are left", len(live))
		}
	})
}
