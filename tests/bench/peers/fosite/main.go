// SPDX-License-Identifier: Apache-2.0

// A token server made of ory/fosite: one client that has ES256 tokens issued by its credentials. It
// checks the client's secret, the audience and the scope, and signs; it keeps and records nothing.
//
//	fosite ADDRESS
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/storage"
	"github.com/ory/fosite/token/jwt"
)

// For a secret that is random, as an API key is: its own default is bcrypt, which is meant to be
// slow.
type hasher struct{}

func (hasher) Hash(_ context.Context, data []byte) ([]byte, error) {
	sum := sha256.Sum256(data)
	return sum[:], nil
}

func (h hasher) Compare(ctx context.Context, hash, data []byte) error {
	if sum, _ := h.Hash(ctx, data); subtle.ConstantTimeCompare(sum, hash) != 1 {
		return errors.New("wrong secret")
	}
	return nil
}

// Of a token that is a JWT nothing need be kept.
type store struct{ *storage.MemoryStore }

func (store) CreateAccessTokenSession(context.Context, string, fosite.Requester) error { return nil }

func newProvider(issuer string) (fosite.OAuth2Provider, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	secret, _ := hasher{}.Hash(context.Background(), []byte("verysecret"))
	kept := store{storage.NewMemoryStore()}
	kept.Clients["bench"] = &fosite.DefaultClient{
		ID: "bench", Secret: secret, GrantTypes: []string{"client_credentials"},
		Scopes: []string{"mint"}, Audience: []string{"orders/api"},
	}
	config := &fosite.Config{
		AccessTokenIssuer: issuer, AccessTokenLifespan: time.Hour, ClientSecretsHasher: hasher{},
		GlobalSecret: []byte("some-secret-of-thirty-two-bytes!"),
	}
	key := func(context.Context) (interface{}, error) { return private, nil }
	strategy := compose.NewOAuth2JWTStrategy(key, compose.NewOAuth2HMACStrategy(config), config)
	return compose.Compose(config, kept, strategy, compose.OAuth2ClientCredentialsGrantFactory), nil
}

func issue(provider fosite.OAuth2Provider, w http.ResponseWriter, r *http.Request) {
	session := &oauth2.JWTSession{JWTClaims: &jwt.JWTClaims{Subject: "bench"},
		JWTHeader: &jwt.Headers{Extra: map[string]interface{}{"kid": "bench"}}}
	request, err := provider.NewAccessRequest(r.Context(), r, session)
	if err != nil {
		provider.WriteAccessError(r.Context(), w, request, err)
		return
	}
	for _, audience := range request.GetRequestedAudience() {
		request.GrantAudience(audience)
	}
	response, err := provider.NewAccessResponse(r.Context(), request)
	if err != nil {
		provider.WriteAccessError(r.Context(), w, request, err)
		return
	}
	provider.WriteAccessResponse(r.Context(), w, request, response)
}

func main() {
	address := os.Args[1]
	provider, err := newProvider("http://" + address)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) { issue(provider, w, r) })
	log.Fatal(http.ListenAndServe(address, nil))
}
