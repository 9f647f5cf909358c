package interop

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// gorilla is a server over gorilla/websocket that gives each connection, with
// its number from 1, to serve.
func gorilla(t *testing.T, upgrader websocket.Upgrader, serve func(conn *websocket.Conn, number int)) *venue {
	t.Helper()
	numbers := make(chan int, 1)
	numbers <- 1
	return newVenue(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // it has answered with what was wrong
		}
		defer conn.Close()
		number := <-numbers
		numbers <- number + 1
		serve(conn, number)
	}))
}

// echo sends back what comes, until the connection ends, and returns how it did.
func echo(conn *websocket.Conn) error {
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		if err := conn.WriteMessage(kind, data); err != nil {
			return err
		}
	}
}

// echoing is echo for those who do not ask how it ended.
func echoing(conn *websocket.Conn, _ int) { _ = echo(conn) }

// sendClose writes a close frame with that body, even if it is a forbidden one,
// and returns the code that it was answered with.
func sendClose(conn *websocket.Conn, body []byte) int {
	if err := conn.WriteControl(websocket.CloseMessage, body, time.Now().Add(patience)); err != nil {
		return -1
	}
	return closeCode(echo(conn))
}

// closeCode is the code of the close frame that ended a connection, or -1.
func closeCode(err error) int {
	if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
		return closed.Code
	}
	return -1
}
