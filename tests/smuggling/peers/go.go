// The peer in Go: net/http, with handlers that tell what they took a request for, as Berth's do in understood.cpp.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
)

const shownBytes = 32

// A word of the field: bytes that would not be one visible character each become \xHH.
func word(text string) string {
	var out strings.Builder
	for _, c := range []byte(text) {
		if c > 0x20 && c < 0x7f && c != '\\' {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "\\x%02x", c)
		}
	}
	if out.Len() == 0 {
		return "-"
	}
	return out.String()
}

func serve(w http.ResponseWriter, r *http.Request) {
	facts := word(r.Method) + " " + word(r.RequestURI) + " " + word(r.Host)
	if r.RequestURI == "/unread" {
		facts += " unread"
	} else {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "body", http.StatusBadRequest)
			return
		}
		facts += fmt.Sprintf(" %d", len(body))
		if len(body) > shownBytes {
			body = body[:shownBytes]
		}
		if len(body) > 0 {
			facts += " " + word(string(body))
		}
	}
	w.Header().Set("Understood", facts)
}

func main() {
	listener, err := net.Listen("unix", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	server := http.Server{Handler: http.HandlerFunc(serve), ErrorLog: log.New(io.Discard, "", 0)}
	log.Fatal(server.Serve(listener))
}
