// SPDX-License-Identifier: Apache-2.0

// A client that connect-go generated, as published, against a real asapd.
package interop

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"interop/gen/asapv1"
	"interop/gen/asapv1/asapv1connect"
)

type clients struct {
	issuers    asapv1connect.IssuerAdminClient
	keys       asapv1connect.KeyAdminClient
	repository asapv1connect.KeyRepositoryClient
	server     asapv1connect.ServerClient
	callers    asapv1connect.CallerAdminClient
	audit      asapv1connect.AuditLogClient
}

func newHTTPClient(t *testing.T) *http.Client {
	t.Helper()
	text, err := os.ReadFile(os.Getenv("CA_FILE"))
	check(t, err)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("CA_FILE holds no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func newClients(t *testing.T, options ...connect.ClientOption) clients {
	t.Helper()
	client := newHTTPClient(t)
	admin := os.Getenv("ADMIN_URL")
	return clients{
		issuers:    asapv1connect.NewIssuerAdminClient(client, admin, options...),
		keys:       asapv1connect.NewKeyAdminClient(client, admin, options...),
		repository: asapv1connect.NewKeyRepositoryClient(client, os.Getenv("REPOSITORY_URL"), options...),
		server:     asapv1connect.NewServerClient(client, admin, options...),
		callers:    asapv1connect.NewCallerAdminClient(client, admin, options...),
		audit:      asapv1connect.NewAuditLogClient(client, admin, options...),
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func request[T any](message *T) *connect.Request[T] {
	return connect.NewRequest(message)
}

// done returns the message of an answer, which must be one.
func done[T any](t *testing.T) func(*connect.Response[T], error) *T {
	return func(response *connect.Response[T], err error) *T {
		t.Helper()
		check(t, err)
		return response.Msg
	}
}

var count int

func newName() string {
	count++
	return fmt.Sprintf("go/issuer-%d", count)
}

func (c clients) newIssuer(t *testing.T) string {
	t.Helper()
	name := newName()
	_, err := c.issuers.CreateIssuer(context.Background(), request(&asapv1.CreateIssuerRequest{
		Name: name, Algorithm: "ES256"}))
	check(t, err)
	return name
}

// refused fails the test unless err has this code, and names these fields in its details.
func refused(t *testing.T, err error, code connect.Code, fields ...string) {
	t.Helper()
	if connect.CodeOf(err) != code {
		t.Fatalf("%v instead of %v", err, code)
	}
	var failure *connect.Error
	failure, _ = err.(*connect.Error)
	var found []string
	for _, detail := range failure.Details() {
		value, err := detail.Value()
		check(t, err)
		if bad, ok := value.(*errdetails.BadRequest); ok {
			for _, violation := range bad.GetFieldViolations() {
				found = append(found, violation.GetField())
			}
		}
	}
	if !slices.Equal(found, fields) {
		t.Fatalf("%v names the fields %v, not %v", err, found, fields)
	}
}

// refusedBecause fails the test unless err has this code, and this reason in its details.
func refusedBecause(t *testing.T, err error, code connect.Code, reason string) {
	t.Helper()
	if connect.CodeOf(err) != code {
		t.Fatalf("%v instead of %v", err, code)
	}
	var failure *connect.Error
	failure, _ = err.(*connect.Error)
	for _, detail := range failure.Details() {
		value, err := detail.Value()
		check(t, err)
		if info, ok := value.(*errdetails.ErrorInfo); ok && info.GetReason() == reason {
			return
		}
	}
	t.Fatalf("%v has not the reason %v", err, reason)
}

func same(t *testing.T, one, other proto.Message) {
	t.Helper()
	if !proto.Equal(one, other) {
		t.Fatalf("%v\n is not\n%v", one, other)
	}
}

// listKeys returns the ids on all pages of two keys each.
func (c clients) listKeys(t *testing.T, issuer string) []string {
	t.Helper()
	var ids []string
	ask := &asapv1.ListKeysRequest{Issuer: issuer, PageSize: 2}
	for {
		page, err := c.keys.ListKeys(context.Background(), request(ask))
		check(t, err)
		for _, key := range page.Msg.GetKeys() {
			ids = append(ids, key.GetKeyId())
		}
		ask.PageToken = page.Msg.GetNextPageToken()
		if ask.PageToken == "" {
			return ids
		}
	}
}

func TestEachWayToCall(t *testing.T) {
	ways := map[string][]connect.ClientOption{
		"binary":        {connect.WithHTTPGet()},
		"JSON":          {connect.WithProtoJSON(), connect.WithHTTPGet()},
		"gzip":          {connect.WithSendGzip()},
		"POST":          {},
		"long GET":      {connect.WithHTTPGet(), connect.WithHTTPGetMaxURLSize(10, true)},
		"JSON and gzip": {connect.WithProtoJSON(), connect.WithSendGzip(), connect.WithHTTPGet()},
	}
	for way, options := range ways {
		t.Run(way, func(t *testing.T) {
			c := newClients(t, options...)
			name := newName()
			created := done[asapv1.Issuer](t)(c.issuers.CreateIssuer(context.Background(),
				request(&asapv1.CreateIssuerRequest{
					Name: name, Algorithm: "ES256",
					Kind:             asapv1.IssuerKind_ISSUER_KIND_MANAGED,
					MaxTokenLifetime: durationpb.New(30e9)})))
			found := done[asapv1.Issuer](t)(c.issuers.GetIssuer(context.Background(),
				request(&asapv1.GetIssuerRequest{Name: name})))
			same(t, created, found)
			if created.GetMaxTokenLifetime().GetSeconds() != 30 {
				t.Fatal(created)
			}
			_, err := c.issuers.CreateIssuer(context.Background(),
				request(&asapv1.CreateIssuerRequest{Name: "../up"}))
			refused(t, err, connect.CodeInvalidArgument, "name")
		})
	}
}

func TestValidationChangesNothing(t *testing.T) {
	c := newClients(t, connect.WithHTTPGet())
	name := newName()
	status := func() int64 {
		return done[asapv1.Status](t)(c.server.GetStatus(context.Background(),
			request(&asapv1.GetStatusRequest{}))).GetGeneration()
	}
	before := status()
	_, err := c.issuers.CreateIssuer(context.Background(), request(&asapv1.CreateIssuerRequest{
		Name: name, Algorithm: "ES256", ValidateOnly: true}))
	check(t, err)
	_, err = c.issuers.GetIssuer(context.Background(), request(&asapv1.GetIssuerRequest{Name: name}))
	refused(t, err, connect.CodeNotFound)
	if status() != before {
		t.Fatal("the generation changed")
	}
}

func TestRotationIsPlannedOnceUnderOneRequestId(t *testing.T) {
	c := newClients(t, connect.WithHTTPGet())
	ask := &asapv1.RotateKeyRequest{Issuer: c.newIssuer(t), RequestId: rand.Text()}
	first := done[asapv1.RotateKeyResponse](t)(c.keys.RotateKey(context.Background(), request(ask)))
	again := done[asapv1.RotateKeyResponse](t)(c.keys.RotateKey(context.Background(), request(ask)))
	same(t, first, again)
	if first.GetOutgoing().GetState() != asapv1.KeyState_KEY_STATE_ACTIVE ||
		first.GetIncoming().GetSignTime().GetSeconds() != first.GetOutgoing().GetSignUntil().GetSeconds() {
		t.Fatal(first)
	}
	ids := c.listKeys(t, ask.GetIssuer())
	if slices.Sort(ids); len(ids) != 4 || len(slices.Compact(ids)) != 4 {
		t.Fatal(ids)
	}
	ask.Issuer = "go/other"
	_, err := c.keys.RotateKey(context.Background(), request(ask))
	refused(t, err, connect.CodeInvalidArgument, "request_id")
}

func TestPageTokenOfAnotherListIsRefused(t *testing.T) {
	c := newClients(t, connect.WithHTTPGet())
	page := done[asapv1.ListKeysResponse](t)(c.keys.ListKeys(context.Background(),
		request(&asapv1.ListKeysRequest{Issuer: c.newIssuer(t), PageSize: 1})))
	_, err := c.keys.ListKeys(context.Background(), request(&asapv1.ListKeysRequest{
		Issuer: c.newIssuer(t), PageToken: page.GetNextPageToken()}))
	refused(t, err, connect.CodeInvalidArgument, "page_token")
}

func newPublicKey(t *testing.T) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	check(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestKeyIsPublishedHandedOutAndRevoked(t *testing.T) {
	c := newClients(t, connect.WithHTTPGet())
	issuer := newName()
	_, err := c.issuers.CreateIssuer(context.Background(), request(&asapv1.CreateIssuerRequest{
		Name: issuer, Kind: asapv1.IssuerKind_ISSUER_KIND_EXTERNAL}))
	check(t, err)
	text := newPublicKey(t)
	published := done[asapv1.PublishKeyResponse](t)(c.keys.PublishKey(context.Background(),
		request(&asapv1.PublishKeyRequest{Issuer: issuer, Name: "one", PublicKey: text})))
	id := published.GetKey().GetKeyId()

	get := &asapv1.GetPublicKeyRequest{KeyId: id}
	found := done[asapv1.PublicKey](t)(c.repository.GetPublicKey(context.Background(), request(get)))
	if found.GetPublicKey() != text || found.GetAlgorithm() != "ES256" || id != issuer+"/one" {
		t.Fatal(found)
	}
	listed := done[asapv1.ListPublicKeysResponse](t)(c.repository.ListPublicKeys(context.Background(),
		request(&asapv1.ListPublicKeysRequest{Issuer: issuer})))
	set := done[asapv1.Jwks](t)(c.repository.GetJwks(context.Background(),
		request(&asapv1.GetJwksRequest{Issuer: issuer})))
	if len(listed.GetPublicKeys()) != 1 || set.GetKeys()[0].GetKid() != id {
		t.Fatal(listed, set)
	}

	_, err = c.keys.RevokeKey(context.Background(), request(&asapv1.RevokeKeyRequest{
		KeyId: id, Reason: "a test", Force: true}))
	check(t, err)
	_, err = c.repository.GetPublicKey(context.Background(), request(get))
	refused(t, err, connect.CodeNotFound)
}

// newTokenService returns a client on the public listener that shows this API key, or nothing.
func newTokenService(t *testing.T, apiKey string,
	options ...connect.ClientOption) asapv1connect.TokenServiceClient {
	t.Helper()
	withKey := func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			if apiKey != "" {
				request.Header().Set("Authorization", "Bearer "+apiKey)
			}
			return next(ctx, request)
		}
	}
	options = append(slices.Clone(options),
		connect.WithInterceptors(connect.UnaryInterceptorFunc(withKey)))
	return asapv1connect.NewTokenServiceClient(newHTTPClient(t), os.Getenv("REPOSITORY_URL"),
		options...)
}

// newCaller makes a caller that may mint for issuer, and returns its name and its credential.
func (c clients) newCaller(t *testing.T, issuer string) (string, *asapv1.CreateCredentialResponse) {
	t.Helper()
	count++
	name := fmt.Sprintf("go-caller-%d", count)
	_, err := c.callers.CreateCaller(context.Background(),
		request(&asapv1.CreateCallerRequest{Name: name}))
	check(t, err)
	_, err = c.callers.CreateGrant(context.Background(), request(&asapv1.CreateGrantRequest{
		Caller: name, Verb: asapv1.Verb_VERB_MINT, Issuer: issuer,
		MintLimits: &asapv1.MintLimits{
			Audiences: []string{"orders/*"}, AdditionalClaims: []string{"role"}}}))
	check(t, err)
	return name, done[asapv1.CreateCredentialResponse](t)(c.callers.CreateCredential(
		context.Background(), request(&asapv1.CreateCredentialRequest{
			Caller: name,
			Proof:  &asapv1.CreateCredentialRequest_ApiKey{ApiKey: &asapv1.ApiKey{}}})))
}

// events returns what is recorded of a caller.
func (c clients) events(t *testing.T, caller string) []*asapv1.Event {
	t.Helper()
	return done[asapv1.ListEventsResponse](t)(c.audit.ListEvents(context.Background(),
		request(&asapv1.ListEventsRequest{Caller: caller}))).GetEvents()
}

// eachForm runs a test with the options of each form in which messages are sent.
func eachForm(t *testing.T, test func(t *testing.T, options ...connect.ClientOption)) {
	t.Run("binary", func(t *testing.T) { test(t) })
	t.Run("JSON", func(t *testing.T) { test(t, connect.WithProtoJSON()) })
}

func TestTokensAreMintedAndVerifiedOverHTTPS(t *testing.T) {
	eachForm(t, func(t *testing.T, options ...connect.ClientOption) {
		c := newClients(t, options...)
		issuer := c.newIssuer(t)
		name, made := c.newCaller(t, issuer)
		tokens := newTokenService(t, made.GetApiKey(), options...)
		claims, err := structpb.NewStruct(map[string]any{
			"role": map[string]any{"name": "reader", "levels": []any{1, 2.5, nil, true}}})
		check(t, err)
		minted := done[asapv1.MintTokenResponse](t)(tokens.MintToken(context.Background(),
			request(&asapv1.MintTokenRequest{
				Issuer: issuer, Audience: []string{"orders/api", "orders/web"},
				Lifetime: durationpb.New(30e9), AdditionalClaims: claims})))

		ask := &asapv1.VerifyTokenRequest{
			Token: minted.GetToken(), Audiences: []string{"orders/api"}}
		good := done[asapv1.VerifyTokenResponse](t)(tokens.VerifyToken(context.Background(),
			request(ask)))
		lifetime := good.GetExpireTime().GetSeconds() - good.GetIssueTime().GetSeconds()
		if good.GetIssuer() != issuer || good.GetKeyId() != minted.GetKeyId() || lifetime != 30 ||
			!slices.Equal(good.GetAudience(), []string{"orders/api", "orders/web"}) {
			t.Fatal(good)
		}
		same(t, good.GetClaims().GetFields()["role"], claims.GetFields()["role"])

		ask.Audiences = []string{"else"}
		_, err = tokens.VerifyToken(context.Background(), request(ask))
		refusedBecause(t, err, connect.CodeInvalidArgument, "AUDIENCE")

		events := c.events(t, name)
		if len(events) != 1 || events[0].GetMethod() != asapv1connect.TokenServiceMintTokenProcedure[1:] ||
			events[0].GetTokenId() != good.GetTokenId() || events[0].GetResult() != "ok" ||
			events[0].GetProofKind() != asapv1.ProofKind_PROOF_KIND_API_KEY {
			t.Fatal(events)
		}
	})
}

func TestWhoMayNotMintLearnsWhy(t *testing.T) {
	eachForm(t, func(t *testing.T, options ...connect.ClientOption) {
		c := newClients(t, options...)
		name, made := c.newCaller(t, c.newIssuer(t))
		ask := &asapv1.MintTokenRequest{Issuer: c.newIssuer(t), Audience: []string{"orders/api"}}
		_, err := newTokenService(t, made.GetApiKey(), options...).MintToken(context.Background(),
			request(ask))
		refusedBecause(t, err, connect.CodePermissionDenied, "NO_GRANT")
		events := c.events(t, name)
		if len(events) != 1 || events[0].GetResult() != "permission_denied" {
			t.Fatal(events)
		}

		_, err = newTokenService(t, "", options...).MintToken(context.Background(), request(ask))
		refusedBecause(t, err, connect.CodeUnauthenticated, "NO_PROOF")
	})
}

func TestCallerIsShownShutOutAndItsCredentialRevoked(t *testing.T) {
	c := newClients(t, connect.WithHTTPGet())
	issuer := c.newIssuer(t)
	name, made := c.newCaller(t, issuer)
	shown := done[asapv1.Caller](t)(c.callers.GetCaller(context.Background(),
		request(&asapv1.GetCallerRequest{Name: name})))
	if len(shown.GetCredentials()) != 1 {
		t.Fatal(shown)
	}
	same(t, shown.GetCredentials()[0], made.GetCredential())
	granted := done[asapv1.ListGrantsResponse](t)(c.callers.ListGrants(context.Background(),
		request(&asapv1.ListGrantsRequest{Caller: name}))).GetGrants()
	allowed := done[asapv1.TestGrantResponse](t)(c.callers.TestGrant(context.Background(),
		request(&asapv1.TestGrantRequest{Caller: name, Verb: asapv1.Verb_VERB_MINT,
			Issuer: issuer, Audience: "orders/api"})))
	if len(granted) != 1 || allowed.GetGrantId() != granted[0].GetGrantId() {
		t.Fatal(granted, allowed)
	}

	mint := func() error {
		_, err := newTokenService(t, made.GetApiKey()).MintToken(context.Background(),
			request(&asapv1.MintTokenRequest{Issuer: issuer, Audience: []string{"orders/api"}}))
		return err
	}
	update := func(state asapv1.CallerState) {
		_, err := c.callers.UpdateCaller(context.Background(),
			request(&asapv1.UpdateCallerRequest{Name: name, State: state}))
		check(t, err)
	}
	update(asapv1.CallerState_CALLER_STATE_DISABLED)
	refusedBecause(t, mint(), connect.CodeUnauthenticated, "CALLER_DISABLED")
	update(asapv1.CallerState_CALLER_STATE_ENABLED)
	check(t, mint())
	_, err := c.callers.RevokeCredential(context.Background(), request(
		&asapv1.RevokeCredentialRequest{CredentialId: made.GetCredential().GetCredentialId()}))
	check(t, err)
	refusedBecause(t, mint(), connect.CodeUnauthenticated, "CREDENTIAL_REVOKED")

	chain := done[asapv1.VerifyChainResponse](t)(c.audit.VerifyChain(context.Background(),
		request(&asapv1.VerifyChainRequest{})))
	if !chain.GetIntact() || chain.GetEventCount() < int64(len(c.events(t, name))) {
		t.Fatal(chain)
	}
}
