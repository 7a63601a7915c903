// SPDX-License-Identifier: Apache-2.0

// A token server made of zitadel/oidc: one client that has ES256 tokens issued by its credentials.
// It checks the client's secret and signs; it records nothing and has no policy.
//
//	zitadel ADDRESS
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	example "github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const clientID, clientSecret = "bench", "verysecret"

type signingKey struct{ private *ecdsa.PrivateKey }

func (k signingKey) ID() string                                  { return "bench" }
func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.ES256 }
func (k signingKey) Key() any                                    { return k.private }

type publicKey struct{ signingKey }

func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.ES256 }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                           { return &k.private.PublicKey }

// The example's client, with tokens that are JWTs.
type client struct{ op.Client }

func (c client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }
func (c client) GetID() string                       { return clientID }
func (c client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeClientCredentials}
}

// The example's storage where it is not asked; what is asked for a token takes no lock.
type storage struct {
	*example.Storage
	key    signingKey
	client client
}

func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return s.key, nil }

func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.ES256}, nil
}

func (s *storage) KeySet(context.Context) ([]op.Key, error) {
	return []op.Key{publicKey{s.key}}, nil
}

func (s *storage) ClientCredentials(_ context.Context, id, secret string) (op.Client, error) {
	given, known := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(clientSecret))
	if id != clientID || subtle.ConstantTimeCompare(given[:], known[:]) != 1 {
		return nil, errors.New("unknown client or wrong secret")
	}
	return s.client, nil
}

func (s *storage) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	return &oidc.JWTTokenRequest{Subject: id, Audience: []string{"orders/api"}, Scopes: scopes}, nil
}

func (s *storage) CreateAccessToken(context.Context, op.TokenRequest) (string, time.Time, error) {
	return uuid.NewString(), time.Now().Add(time.Hour), nil
}

func main() {
	address := os.Args[1]
	users := example.NewUserStore("http://" + address)
	base := example.NewStorage(users)
	known, err := base.ClientCredentials(context.Background(), "sid1", "verysecret")
	if err != nil {
		log.Fatal(err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	config := &op.Config{CryptoKey: sha256.Sum256([]byte("bench")), AuthMethodPost: true}
	provider, err := op.NewProvider(config, &storage{base, signingKey{private}, client{known}},
		op.StaticIssuer("http://"+address), op.WithAllowInsecure(),
		op.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(address, provider))
}
