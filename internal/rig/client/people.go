package client

import (
	"context"

	"github.com/google/uuid"
)

// Person is a signed-in user.
type Person struct {
	Client
	ID, Name, Email string
}

// SignUp creates an account with a random password, and logs in.
func SignUp(ctx context.Context, base, name, email string, streamer bool) (*Person, error) {
	p := &Person{Client: Client{Base: base}, Name: name, Email: email}
	password := uuid.NewString()
	user := map[string]any{
		"email": email, "password": password, "display_name": name, "streamer": streamer, "locale": "en",
	}
	var created struct {
		ID string `json:"id"`
	}
	if err := p.Post(ctx, "/v1/users", user, &created); err != nil {
		return nil, err
	}
	p.ID = created.ID
	var session struct {
		AccessToken string `json:"access_token"`
	}
	login := map[string]any{"email": email, "password": password}
	if err := p.Post(ctx, "/v1/login", login, &session); err != nil {
		return nil, err
	}
	p.Token = session.AccessToken
	return p, nil
}
