// SPDX-License-Identifier: Apache-2.0

// Go's part of matrix_test.py: go-asap as its README has it called. build.sh makes one program of
// this for each major version, which have the same functions.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"bitbucket.org/atlassian/go-asap/v2"
	"github.com/SermoDigital/jose/jws"
)

type ask struct {
	Do         string `json:"do"`
	Algorithm  string `json:"algorithm"`
	Issuer     string `json:"issuer"`
	Kid        string `json:"kid"`
	Audience   string `json:"audience"`
	PrivateKey string `json:"private_key"`
	Repository string `json:"repository"`
	Token      string `json:"token"`
}

func sign(ask ask) (string, error) {
	method := jws.GetSigningMethod(ask.Algorithm)
	if method == nil {
		return "", fmt.Errorf("no algorithm %s", ask.Algorithm)
	}
	key, err := asap.NewPrivateKey([]byte(ask.PrivateKey))
	if err != nil {
		return "", err
	}
	audience := []string{ask.Audience}
	token, err := asap.NewProvisioner(ask.Kid, time.Minute, ask.Issuer, audience, method).Provision()
	if err != nil {
		return "", err
	}
	raw, err := token.Serialize(key)
	return string(raw), err
}

func verify(ask ask) (string, error) {
	fetcher, err := asap.NewExpiringCacheFetcher(ask.Repository, http.DefaultClient, time.Second)
	if err != nil {
		return "", err
	}
	validator := asap.NewValidatorChain(
		asap.NewSignatureValidator(fetcher),
		asap.NewAllowedAudienceValidator(ask.Audience),
		asap.DefaultValidator,
	)
	token, err := asap.ParseToken(ask.Token)
	if err != nil {
		return "", err
	}
	if err := validator.Validate(token); err != nil {
		return "", err
	}
	issuer, _ := token.Claims().Issuer()
	return issuer, nil
}

// As net/http does for a handler that panics.
func recovered(do func(ask) (string, error), ask ask) (answer string, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	return do(ask)
}

func main() {
	does := map[string]func(ask) (string, error){"sign": sign, "verify": verify}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var ask ask
		if err := json.Unmarshal(lines.Bytes(), &ask); err != nil {
			panic(err)
		}
		answer, err := recovered(does[ask.Do], ask)
		said := map[string]string{"answer": answer}
		if err != nil {
			said = map[string]string{"error": err.Error()}
		}
		if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
			panic(err)
		}
	}
}
