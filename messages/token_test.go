package messages_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

// holder keeps a token where package fmt asks no method.
type holder struct {
	token messages.Token
	inner *messages.Token
}

func TestASecretIsNeverPrinted(t *testing.T) {
	const text = "s3cret"
	token := messages.Token{User: "alice", Secret: messages.NewSecret(text)}
	values := map[string]any{
		"a secret":               token.Secret,
		"a token":                token,
		"a pointer to a token":   &token,
		"a command":              messages.Renew{Token: token},
		"an unexported field":    holder{token, &token},
		"a pointer to a holder":  &holder{token, &token},
		"a slice":                []holder{{token: token}},
		"a map":                  map[string]holder{"a": {token: token}},
		"a map by token":         map[messages.Token]int{token: 1},
		"an interface in a list": []any{holder{token: token}},
	}
	for sentence, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%t", "%p", "%e"} {
			printed := fmt.Sprintf(verb, value)
			for _, form := range []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), strings.Trim(fmt.Sprint([]byte(text)), "[]")} {
				if strings.Contains(printed, form) {
					t.Errorf("%s, printed with %s: %s", sentence, verb, printed)
				}
			}
		}
	}
	encoded, err := json.Marshal(token)
	if err != nil || strings.Contains(string(encoded), text) || !strings.Contains(string(encoded), "***") {
		t.Errorf("as JSON: %s, %v", encoded, err)
	}
}

func TestSecretsAreEqualByTheirText(t *testing.T) {
	part := "cret"
	if a, b := messages.NewToken("s3cret"), messages.NewToken("s3"+part); a != b || a.Secret.Reveal() != "s3cret" {
		t.Error("equal secrets are not equal")
	}
	if messages.NewToken("a") == messages.NewToken("b") {
		t.Error("other secrets are equal")
	}
	if empty := messages.NewToken(""); !empty.IsZero() || empty.Secret.Reveal() != "" || fmt.Sprint(empty.Secret) != "" {
		t.Error("an empty secret is something")
	}
}

func TestWhatRepeatsASecretIsHidden(t *testing.T) {
	secret := messages.NewSecret("a/b c+d")
	for text, want := range map[string]string{
		"no a/b c+d for you":         "no *** for you",
		"GET /x?token=a%2Fb+c%2Bd":   "GET /x?token=***",
		"GET /a%2Fb%20c+d/x":         "GET /***/x",
		"nothing of the kind":        "nothing of the kind",
		"":                           "",
		"twice: a/b c+d and a/b c+d": "twice: *** and ***",
	} {
		if got := secret.Hide(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		`GET "/?token=a%2fb%0a%22c%22+0123456789"`:      `GET "/?token=***"`,
		`{"token":"a/b\n\"c\" 0123456789"}`:             `{"token":"***"}`,
		"token=YS9iCiJjIiAwMTIzNDU2Nzg5":                "token=***",
		"token=612f620a22632220303132333435363738":      "token=***",
		"token=612F620A226322203031":                    "token=***",
		"GET /a%2Fb%0A%22c%22%2001":                     "GET /***",
		"cut short: a/b\n\"c\" 012":                     "cut short: ***",
		"in the middle a/b\n\"c\" 0123456789, and more": "in the middle ***, and more",
		"shorter: a/b\n\"c\"":                           "shorter: a/b\n\"c\"",
	} {
		if got := messages.NewSecret("a/b\n\"c\" 0123456789").Hide(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"päss-wörd-€", "0€€€€€€", "€€€€€€", "\xff\xfe0123456789", "ab", "€"} {
		quoted, _ := json.Marshal(text)
		for _, form := range []string{text, fmt.Sprintf("%x", text), string(quoted), url.QueryEscape(text), base64.StdEncoding.EncodeToString([]byte(text))} {
			if got := messages.NewSecret(text).Hide("it is " + form + "!"); strings.Contains(got, strings.Trim(form, `"=`)) {
				t.Errorf("%q shows %q", got, form)
			}
		}
	}
	if got := (messages.Secret{}).Hide("as it was"); got != "as it was" {
		t.Errorf("no secret hid %q", got)
	}
	reason := messages.Reason{Code: messages.ReasonAuthRejected, Wire: messages.Wire{Text: "bad a/b c+d"}, Detail: "a/b c+d"}
	err := &messages.Error{Op: "login", Reason: messages.Token{Secret: secret}.Hide(reason), Err: errors.New("refused")}
	if got := err.Error(); got != `login: AuthRejected ( "bad ***"): ***: refused` {
		t.Errorf("the error is %s", got)
	}
}
