package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"abad/api/wire"
	"abad/batch"
	"abad/coin"
	"abad/decision"
	"abad/home"
	"abad/proof"
)

// maxProofFile bounds what is read of a proof: the largest value three times over.
const maxProofFile = 64 << 20

func proofCommand() *cli.Command {
	return &cli.Command{
		Name:      "proof",
		Usage:     "get the proof that a value is in the log",
		UsageText: "abad proof [--api URL] ID",
		Description: "The proof goes to standard output, as JSON. Whoever has it and the cluster's public key can check it\n" +
			"with abad verify, without a node.\n\n" +
			"Example:\n   abad proof 1f0e...9c > proof.json",
		Flags:  []cli.Flag{apiFlag()},
		Action: printProof,
	}
}

func printProof(c *cli.Context) error {
	if c.NArg() != 1 {
		return hintf(usagef("one ID is needed, and there are %d", c.NArg()), "abad submit prints the ids of values")
	}
	var id batch.ValueID
	if err := id.UnmarshalText([]byte(c.Args().First())); err != nil {
		return usageError{fmt.Errorf("ID: %q: %w", c.Args().First(), err)}
	}
	node, err := newClient(c)
	if err != nil {
		return err
	}
	defer node.Close()
	p, err := node.Proof(c.Context, id)
	if err != nil {
		return apiError(c.String("api"), err)
	}
	return json.NewEncoder(c.App.Writer).Encode(p)
}

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check a proof, offline",
		UsageText: "abad verify --key KEY --proof FILE [VALUE]",
		Description: "KEY is the cluster's public key: 192 hexadecimal digits, or a cluster.toml, whose first commitment\n" +
			"it is. Take it from somebody you trust, not from the node that gave the proof. With VALUE it must be\n" +
			"the value that is proved; without, the proved value goes to standard output. FILE may also be the\n" +
			"JSON of a decision; VALUE is yes or no then.\n\n" +
			"Examples:\n   abad verify --key cluster.toml --proof proof.json hello\n" +
			"   abad decision launch --json | abad verify --key cluster.toml --proof - yes",
		Flags: []cli.Flag{
			keyFlag(true),
			&cli.StringFlag{Name: "proof", Required: true, Usage: "`FILE` with the proof, - for standard input"},
		},
		Action: verify,
	}
}

func keyFlag(required bool) cli.Flag {
	return &cli.StringFlag{Name: "key", Required: required, EnvVars: []string{"ABAD_KEY"}, Usage: "public `KEY` of the cluster, in hexadecimal, or a cluster.toml"}
}

// publicKey reads what --key names.
func publicKey(text string) (*coin.PublicKey, error) {
	if strings.HasSuffix(text, ".toml") {
		data, err := os.ReadFile(text)
		if err != nil {
			return nil, err
		}
		roster, err := home.ParseRoster(text, data)
		if err != nil {
			return nil, err
		}
		return roster.Group.PublicKey(), nil
	}
	data, err := hex.DecodeString(text)
	if err == nil {
		var key *coin.PublicKey
		if key, err = coin.ParsePublicKey(data); err == nil {
			return key, nil
		}
	}
	return nil, hintf(usagef("--key: %v", err), "a key has 192 hexadecimal digits; cluster.toml of any node has it too")
}

func verify(c *cli.Context) error {
	if err := atMost(c, 1); err != nil {
		return err
	}
	key, err := publicKey(c.String("key"))
	if err != nil {
		return err
	}
	name := c.String("proof")
	data, err := readProof(name)
	if err != nil {
		return err
	}
	var decided wire.Decision
	if err := json.Unmarshal(data, &decided); err == nil && decided.Proof != nil {
		return verifyDecision(c, key, decided)
	}
	var claim wire.Proof
	if err := json.Unmarshal(data, &claim); err != nil || len(claim.Proof) == 0 {
		return hintf(errors.Join(fmt.Errorf("%s is not a proof", name), err), "abad proof ID prints one, and so does abad decision NAME --json")
	}
	return verifyValue(c, key, claim)
}

func verifyValue(c *cli.Context, key *coin.PublicKey, claim wire.Proof) error {
	p, err := proof.Decode(claim.Proof)
	if err != nil {
		return err
	}
	value := claim.Value
	if c.NArg() == 1 {
		value = []byte(c.Args().First())
	}
	if err := p.Verify(key, batch.Value{ID: claim.ID, Payload: value}); err != nil {
		return err
	}
	fmt.Fprintf(c.App.ErrWriter, "value %s is in block %d of the cluster with this key\n", claim.ID, p.Header.Epoch)
	if c.NArg() == 0 {
		_, err = c.App.Writer.Write(value)
	}
	return err
}

// verifyDecision checks the certificate of a decision; VALUE, if given, is yes or no.
func verifyDecision(c *cli.Context, key *coin.PublicKey, d wire.Decision) error {
	certificate, err := hex.DecodeString(d.Proof.Certificate)
	if err != nil || d.Value == nil {
		return errors.Join(errors.New("the decision has no value or no certificate"), err)
	}
	word := "no"
	if *d.Value {
		word = "yes"
	}
	if c.NArg() == 1 && c.Args().First() != word {
		return fmt.Errorf("the proof is of %s", word)
	}
	result := decision.Result{Name: d.Name, Value: *d.Value, Certificate: certificate}
	if err := decision.Verify(key, d.Proof.Cluster, d.Proof.Era, result); err != nil {
		return fmt.Errorf("the proof does not hold: %w", err)
	}
	fmt.Fprintf(c.App.ErrWriter, "%q is decided by the cluster with this key\n", d.Name)
	if c.NArg() == 0 {
		_, err = fmt.Fprintln(c.App.Writer, word)
	}
	return err
}

func readProof(name string) ([]byte, error) {
	file := os.Stdin
	if name != "-" {
		var err error
		if file, err = os.Open(name); err != nil {
			return nil, err
		}
		defer file.Close()
	}
	data, err := io.ReadAll(io.LimitReader(file, maxProofFile+1))
	if err == nil && len(data) > maxProofFile {
		err = fmt.Errorf("%s: more than %d bytes are no proof", name, maxProofFile)
	}
	return data, err
}
