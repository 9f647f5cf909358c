package chat

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/messages/vocabulary"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
	"github.com/seed14814784/holdfast/transport/wukongim"
	"github.com/seed14814784/holdfast/transport/wukongim/api"
	"github.com/seed14814784/holdfast/transport/wukongim/wukongimtest"
)

var update = flag.Bool("update", false, "write the traces anew")

// play is a server, a fleet, and what they say to each other.
type play struct {
	t       *testing.T
	profile wukongimtest.Profile
	over    string // tcp, ws or json
	network *wstest.Network
	server  *wukongimtest.Server
	wire    *wstest.Transcript
	syncer  wukongim.Syncer
	fleet   *supervisor.Fleet
	began   time.Time
	opened  map[string]*supervisor.Channel
	flutter map[string]*vocabulary.Translator[vocabulary.WKChange]
	ios     map[string]*vocabulary.Translator[vocabulary.WKIOSChange]

	mu    sync.Mutex
	notes []note // of what the fleet did, since they were last written down
	read  int    // lines of the wire that are written down
	trace strings.Builder
	at    time.Duration
}

// note is what happened to one user. What the handler hears and what observers are
// told come from two goroutines, and have no order between them.
type note struct {
	who, what string
	heard     bool
}

// stage plays a story in a bubble, and compares its trace with the one in testdata.
func stage(t *testing.T, name string, profile wukongimtest.Profile, over string, story func(*play)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &play{
				t: t, profile: profile, over: over, network: wstest.NewNetwork(), wire: &wstest.Transcript{}, began: time.Now(),
				opened:  map[string]*supervisor.Channel{},
				flutter: map[string]*vocabulary.Translator[vocabulary.WKChange]{},
				ios:     map[string]*vocabulary.Translator[vocabulary.WKIOSChange]{},
			}
			p.server = wukongimtest.NewServerOn(p.network, "im", profile, wukongimtest.WithTest(t), wukongimtest.WithTranscript(p.wire))
			p.syncer = wukongim.API(&api.Client{URL: p.server.API, HTTP: p.server.Client()})
			web, stream := &transport.WebSocket{NetDial: p.network.Dial}, &transport.TCP{NetDial: p.network.Dial}
			fleet, err := supervisor.New(
				supervisor.WithSeed(1),
				supervisor.WithDialer(transport.Schemes{"ws": web, "tcp": stream}),
				supervisor.WithStrategy(supervisor.Fixed{Interval: time.Second}),
			)
			if err != nil {
				t.Fatal(err)
			}
			p.fleet = fleet
			if err := fleet.Listen("trace", p.observe); err != nil {
				t.Fatal(err)
			}
			for _, user := range []string{"alice", "bob"} {
				p.server.AddUser(user, "token-of-"+user)
			}
			p.server.AddChannel("tea", byte(wukongim.Group), "alice", "bob")
			story(p)
			p.settle()
			if err := fleet.Close(context.Background()); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute) // the actor system counts its dead letters for a while
			p.compare(name)
		})
	})
}

// observe notes what the fleet publishes, in our words and in those of the SDKs.
func (p *play) observe(event messages.Event) {
	switch e := event.(type) {
	case messages.StatusChanged:
		who := string(e.Channel)
		what := e.Cur.String()
		if !e.Reason.IsZero() {
			what += " " + e.Reason.Code.String()
		}
		p.note(who, "%s", what)
		for _, word := range p.flutter[who].Translate(e) {
			p.note(who, "flutter  %s", word)
		}
		for _, word := range p.ios[who].Translate(e) {
			p.note(who, "ios      %s", word)
		}
	case messages.RoomChanged:
		p.note(string(e.Channel), "room %s %s %s", e.Room, e.Cur, e.Reason.Code.String())
	case messages.Outcome:
		p.note(string(e.Channel), "#%d %s %s", e.ID, e.Result, e.Reason.Code.String())
	case messages.Finding:
		p.note(string(e.Channel), "finding %s", e.Reason.Code.String())
	}
}

func (p *play) note(who, format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what := fmt.Sprintf(format, args...)
	p.notes = append(p.notes, note{who, what, strings.HasPrefix(what, "heard")})
}

// open makes a channel of a user and waits for what comes of it.
func (p *play) open(user string, change ...func(*supervisor.Spec, *wukongim.Options)) *supervisor.Channel {
	p.t.Helper()
	name := user
	options := wukongim.Options{UID: strings.TrimRight(user, "0123456789"), DeviceID: "of-" + user, JSON: p.over == "json", Syncer: p.syncer}
	url := p.server.TCP
	if p.over != "tcp" {
		url = p.server.WS
	}
	spec := supervisor.Spec{
		ID:          messages.ChannelID(name),
		Address:     transport.Static(url),
		Credentials: supervisor.StaticToken(options.UID, "token-of-"+options.UID),
		Handler: func(m messages.Received) {
			said, _ := wukongim.Of(m)
			p.note(name, "heard %s %q in %s", said.From, m.Data, m.Room)
		},
	}
	for _, c := range change {
		c(&spec, &options)
	}
	spec.Protocol = wukongim.New(options)
	p.mu.Lock()
	p.flutter[name], p.ios[name] = vocabulary.WuKongFlutter(), vocabulary.WuKongIOS()
	p.mu.Unlock()
	ch, err := p.fleet.Open(context.Background(), spec)
	if err != nil {
		p.t.Fatal(err)
	}
	p.opened[name] = ch
	p.settle()
	return ch
}

// say sends something to the group.
func (p *play) say(user, text string, change ...func(*messages.Message)) {
	p.t.Helper()
	m := wukongim.To(wukongim.Group, "tea").Message([]byte(text))
	for _, c := range change {
		c(&m)
	}
	if _, err := p.opened[user].Send(context.Background(), m); err != nil {
		p.t.Error(err)
	}
	p.settle()
}

// join joins the group as a room.
func (p *play) join(user string) {
	p.t.Helper()
	name := user
	_, err := p.opened[user].Join(context.Background(), messages.RoomSpec{
		ID: wukongim.Room(wukongim.Group, "tea"),
		Handler: func(m messages.Received) {
			p.note(name, "heard in the room %q at %d", m.Data, m.Position.Offset)
		},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.settle()
}

// tick is how exactly a trace tells the time.
const tick = 100 * time.Millisecond

// pass lets time go by.
func (p *play) pass(d time.Duration) {
	for end := p.at + d; p.at < end; {
		time.Sleep(tick)
		p.at = time.Since(p.began)
		p.settle()
	}
}

// settle writes down what has happened since it was last called: for each user what
// went over the wire, then what the fleet made of it. What happens to two users in one
// moment has no order.
func (p *play) settle() {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.wire.Lines()
	var all []note
	for _, line := range lines[p.read:] {
		side, rest, _ := strings.Cut(line, ">")
		who, what, known := strings.Cut(strings.TrimSpace(rest), " ")
		if !known {
			who, what = "", strings.TrimSpace(rest)
		}
		all = append(all, note{who: who, what: side + "> " + what})
	}
	p.read = len(lines)
	all = append(all, p.notes...)
	p.notes = nil
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(&p.trace, "+%s\n", p.at)
	var users []string
	for _, n := range all {
		if !slices.Contains(users, n.who) {
			users = append(users, n.who)
		}
	}
	slices.Sort(users)
	for _, who := range users {
		for _, heard := range []bool{false, true} {
			for _, n := range all {
				if n.who == who && n.heard == heard {
					fmt.Fprintf(&p.trace, "  %-6s %s\n", who, n.what)
				}
			}
		}
	}
}

// compare looks at the trace.
func (p *play) compare(name string) {
	path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "_")+".txt")
	got := p.trace.String()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			p.t.Error(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	if got != string(want) {
		p.t.Errorf("it went\n%s\nand should go\n%s", got, want)
	}
}
