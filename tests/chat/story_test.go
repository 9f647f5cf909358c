package chat

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport/wukongim"
	"github.com/seed14814784/holdfast/transport/wukongim/wukongimtest"
)

func token(secret string) func(*supervisor.Spec, *wukongim.Options) {
	return func(spec *supervisor.Spec, _ *wukongim.Options) {
		spec.Credentials = supervisor.StaticToken("alice", secret)
	}
}

// forgetful begins with an old token, and gets the new one when it is asked to.
func forgetful(before, after string) func(*supervisor.Spec, *wukongim.Options) {
	return func(spec *supervisor.Spec, _ *wukongim.Options) {
		spec.Credentials = &supervisor.Credentials{
			Identity: "alice", Token: messages.NewToken(before),
			Fetch: func(context.Context, supervisor.TokenRequest) (messages.Token, error) {
				return messages.NewToken(after), nil
			},
		}
	}
}

// stories are what can happen to a login. The name of each is that of its trace, after
// the generation and the carrier.
var stories = map[string]func(*play){
	"login": func(p *play) {
		p.open("alice")
		p.open("bob")
		p.say("alice", "hello")
		p.pass(time.Second)
		_ = p.opened["alice"].Disconnect(context.Background(), messages.Logout)
	},
	"refused login": func(p *play) {
		p.open("alice", token("wrong"))
		p.pass(30 * time.Second)
	},
	"refreshed login": func(p *play) {
		p.open("alice", forgetful("old", "token-of-alice"))
		p.pass(20 * time.Second)
	},
	"kick": func(p *play) {
		p.open("alice")
		p.pass(time.Second)
		p.server.Conns("alice")[0].Disconnect(12, "server kick")
		p.pass(2 * time.Second)
	},
	"device quit": func(p *play) {
		p.open("alice")
		p.pass(time.Second)
		p.server.Quit("alice", 0)
		p.pass(10 * time.Second)
	},
	"takeover by another device": func(p *play) {
		p.open("alice")
		p.pass(time.Second)
		p.open("alice2", func(_ *supervisor.Spec, o *wukongim.Options) { o.DeviceID = "of-another" })
		p.pass(10 * time.Second)
	},
	"takeover by the same device": func(p *play) {
		p.open("alice")
		p.pass(time.Second)
		p.open("alice2", func(spec *supervisor.Spec, o *wukongim.Options) { o.DeviceID, spec.Manual = "of-alice", false })
		p.pass(time.Second)
		_ = p.opened["alice2"].Close(context.Background())
		p.pass(40 * time.Second)
	},
	"zombie": func(p *play) {
		p.open("alice")
		p.pass(time.Second)
		p.server.Conns("alice")[0].Silence()
		p.say("alice", "is anybody there?")
		p.pass(40 * time.Second)
	},
	"server restart": func(p *play) {
		p.open("alice")
		p.open("bob")
		p.say("bob", "before")
		p.pass(time.Second)
		p.server.Down()
		p.pass(5 * time.Second)
		if err := p.server.Up(); err != nil {
			p.t.Error(err)
		}
		p.server.Send("bob", "tea", 2, []byte("while we were away"))
		p.pass(5 * time.Second)
		p.say("bob", "after")
		p.pass(2 * time.Second)
	},
	"lost SENDACK": func(p *play) {
		p.open("alice")
		p.pass(time.Second)
		p.say("alice", "the first")
		p.pass(time.Second)
		p.server.Conns("alice")[0].DropSendacks(2)
		p.say("alice", "once")
		p.say("alice", "twice, if need be", func(m *messages.Message) { m.AllowDuplicate = true })
		p.pass(45 * time.Second)
	},
	"redelivered RECV": func(p *play) {
		p.open("alice", func(spec *supervisor.Spec, _ *wukongim.Options) {
			hear := spec.Handler
			spec.Handler = func(m messages.Received) {
				time.Sleep(100 * time.Second)
				hear(m)
			}
		})
		p.pass(time.Second)
		p.server.Send("bob", "tea", 2, []byte("hello"))
		p.pass(4 * time.Minute)
	},
	"gap": func(p *play) {
		p.open("alice")
		p.join("alice")
		p.pass(time.Second)
		for i, text := range []string{"one", "two", "three"} {
			if i == 1 {
				p.server.Conns("alice")[0].SkipRecvs(1)
			}
			p.server.Send("bob", "tea", 2, []byte(text))
			p.pass(time.Second)
		}
	},
	"idle": func(p *play) {
		p.open("alice", func(_ *supervisor.Spec, o *wukongim.Options) { o.Heartbeat = time.Hour })
		p.pass(5 * time.Minute)
	},
	"room": func(p *play) {
		p.open("alice")
		p.join("alice")
		p.pass(time.Second)
		p.server.Send("bob", "tea", 2, []byte("one"))
		p.pass(time.Second)
		p.server.Conns("alice")[0].Drop()
		p.server.Send("bob", "tea", 2, []byte("two"))
		p.pass(3 * time.Second)
		p.server.Send("bob", "tea", 2, []byte("three"))
		p.pass(time.Second)
	},
}

func TestStoryOfBothGenerations(t *testing.T) {
	for _, profile := range []wukongimtest.Profile{wukongimtest.V2, wukongimtest.V3} {
		for name, story := range stories {
			stage(t, profile.String()+" "+name, profile, "tcp", story)
		}
	}
}

// A trace that no story is told by proves nothing.
func TestEveryTraceHasItsStory(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) != 2*len(stories)+9 {
		t.Errorf("there are %d traces of %d stories: %v", len(files), 2*len(stories)+9, err)
	}
}

// Over WebSocket the same is said, and servers end otherwise.
func TestStoryOverWebSocket(t *testing.T) {
	for _, name := range []string{"login", "server restart", "kick"} {
		stage(t, "V2 ws "+name, wukongimtest.V2, "ws", stories[name])
		stage(t, "V3 ws "+name, wukongimtest.V3, "ws", stories[name])
		stage(t, "V2 json "+name, wukongimtest.V2, "json", stories[name])
	}
}
