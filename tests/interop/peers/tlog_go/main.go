// Answers questions about a log with Go's own transparency-log code, one JSON object a line, in order.
// It holds no rule of its own: note.Open, tlog.ParseTree, tlog.CheckRecord and tlog.CheckTree decide.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Kind    string   `json:"kind"`
	Key     string   `json:"key"`
	Note    string   `json:"note"`
	Index   int64    `json:"index"`
	Size    int64    `json:"size"`
	Root    []byte   `json:"root"`
	OldSize int64    `json:"oldSize"`
	OldRoot []byte   `json:"oldRoot"`
	Entry   []byte   `json:"entry"`
	Path    [][]byte `json:"path"`
}

type answer struct {
	OK   bool   `json:"ok"`
	Why  string `json:"why"`
	Size int64  `json:"size"`
	Root []byte `json:"root"`
}

func hash(data []byte) (tlog.Hash, error) {
	var h tlog.Hash
	if len(data) != len(h) {
		return h, errors.New("a hash that is not 32 bytes long")
	}
	copy(h[:], data)
	return h, nil
}

func hashes(path [][]byte) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, 0, len(path))
	for _, data := range path {
		h, err := hash(data)
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, nil
}

// tree reads a checkpoint: its first line is the log's origin, for which x/mod has a fixed name of its own.
func tree(q question) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(q.Key)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open([]byte(q.Note), note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	origin := verifier.Name() + "\n"
	if len(opened.Text) < len(origin) || opened.Text[:len(origin)] != origin {
		return tlog.Tree{}, errors.New("another origin")
	}
	return tlog.ParseTree([]byte("go.sum database tree\n" + opened.Text[len(origin):]))
}

func decide(q question) (answer, error) {
	path, err := hashes(q.Path)
	if err != nil {
		return answer{}, err
	}
	if q.Kind == "checkpoint" {
		t, err := tree(q)
		return answer{Size: t.N, Root: t.Hash[:]}, err
	}
	root, err := hash(q.Root)
	if err != nil {
		return answer{}, err
	}
	switch q.Kind {
	case "inclusion":
		return answer{}, tlog.CheckRecord(tlog.RecordProof(path), q.Size, root, q.Index, tlog.RecordHash(q.Entry))
	case "consistency":
		old, err := hash(q.OldRoot)
		if err != nil {
			return answer{}, err
		}
		return answer{}, tlog.CheckTree(tlog.TreeProof(path), q.Size, root, q.OldSize, old)
	}
	return answer{}, fmt.Errorf("no such kind: %q", q.Kind)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		a, err := decide(q)
		a.OK = err == nil
		if err != nil {
			a.Why = err.Error()
		}
		if err := out.Encode(a); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
