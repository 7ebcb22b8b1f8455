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
	Folder  string   `json:"folder"`
	Indices []int64  `json:"indices"`
	Older   []string `json:"older"`
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

// files reads tiles of 256 hashes from a folder; x/mod asks for them and decides whether they are the tree's.
type files struct{ folder string }

func (f files) Height() int { return 8 }

func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, 0, len(tiles))
	for _, t := range tiles {
		data, err := f.read(fmt.Sprint(t.L), t.N, t.W)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f files) read(level string, n int64, width int) ([]byte, error) {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	full := f.folder + "/tile/" + level + "/" + path
	if width == 256 {
		return os.ReadFile(full)
	}
	return os.ReadFile(fmt.Sprintf("%s.p/%d", full, width))
}

// entry takes one entry out of its bundle: two bytes of length before each.
func (f files) entry(index, size int64) ([]byte, error) {
	n, width := index/256, int64(256)
	if left := size - n*256; left < width {
		width = left
	}
	data, err := f.read("entries", n, int(width))
	if err != nil {
		return nil, err
	}
	for i := int64(0); ; i++ {
		if len(data) < 2 || len(data) < 2+int(data[0])<<8+int(data[1]) {
			return nil, errors.New("a bundle that is cut")
		}
		length := int(data[0])<<8 + int(data[1])
		if i == index%256 {
			return data[2 : 2+length], nil
		}
		data = data[2+length:]
	}
}

// log reads a log from its folder of tiles: entries, their proofs, and that it extends older checkpoints.
func log(q question) (answer, error) {
	head, err := tree(q)
	if err != nil {
		return answer{}, err
	}
	source := files{q.Folder}
	reader := tlog.TileHashReader(head, source)
	for _, index := range q.Indices {
		entry, err := source.entry(index, head.N)
		if err != nil {
			return answer{}, err
		}
		proof, err := tlog.ProveRecord(head.N, index, reader)
		if err != nil {
			return answer{}, err
		}
		if err := tlog.CheckRecord(proof, head.N, head.Hash, index, tlog.RecordHash(entry)); err != nil {
			return answer{}, err
		}
	}
	for _, note := range q.Older {
		old, err := tree(question{Key: q.Key, Note: note})
		if err != nil {
			return answer{}, err
		}
		proof, err := tlog.ProveTree(head.N, old.N, reader)
		if err != nil {
			return answer{}, err
		}
		if err := tlog.CheckTree(proof, head.N, head.Hash, old.N, old.Hash); err != nil {
			return answer{}, err
		}
	}
	return answer{Size: head.N}, nil
}

func decide(q question) (answer, error) {
	path, err := hashes(q.Path)
	if err != nil {
		return answer{}, err
	}
	if q.Kind == "log" {
		return log(q)
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
