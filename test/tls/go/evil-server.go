// A TLS server that misbehaves as each connection asks: its first line, before any TLS, is "MESSAGE ACTION [ARGUMENT]".
// Prints its port. Usage: evil-server CERTIFICATE KEY
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strings"
)

type behind struct {
	net.Conn
	reader *bufio.Reader
}

func (b behind) Read(into []byte) (int, error) { return b.reader.Read(into) }

func main() {
	pair, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	for {
		socket, err := listener.Accept()
		if err != nil {
			return
		}
		go serve(socket, config)
	}
}

func serve(socket net.Conn, config *tls.Config) {
	defer socket.Close()
	reader := bufio.NewReader(socket)
	line, err := reader.ReadString('\n')
	if err != nil {
		return
	}
	line = strings.TrimSpace(line)
	words := append(strings.Fields(line), "", "")
	if words[0] == "tls12" {
		config = config.Clone()
		config.MaxVersion = tls.VersionTLS12
	}
	conn := tls.Server(behind{socket, reader}, config)
	conn.Misbehave(line)
	if conn.Handshake() != nil {
		// The client's alert was read: all there is to do.
		return
	}
	content, _ := hex.DecodeString(words[1])
	switch words[0] {
	case "after-handshake":
		conn.WriteHandshake(content)
	case "after-alert":
		conn.WriteAlert(content[0], content[1])
	case "after-plain":
		conn.WritePlain(content)
	case "cut":
		return
	}
	conn.Write([]byte("secret"))
	conn.Close()
}
