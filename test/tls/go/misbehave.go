package tls

// Compiled into Go's crypto/tls in place of two of its functions: an implementation of TLS that is not ours, correct in
// everything but the one thing a Misbehaviour says. The transcript follows what is really sent, so that Finished matches.

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

// Misbehaviour is "MESSAGE ACTION [ARGUMENT]"; MESSAGE is a number of RFC 8446 §4.
type Misbehaviour struct {
	Message  byte
	Action   string
	Argument string
}

// Misbehave says what a connection does wrong.
func (c *Conn) Misbehave(line string) {
	parts := append(strings.Fields(line), "", "", "")
	message, _ := strconv.Atoi(parts[0])
	c.misbehaviour = &Misbehaviour{byte(message), parts[1], parts[2]}
}

// WriteHandshake sends bytes in a handshake record under the keys in force.
func (c *Conn) WriteHandshake(content []byte) { c.writeAs(recordTypeHandshake, content) }

// WriteAlert sends an alert.
func (c *Conn) WriteAlert(level, description byte) {
	c.writeAs(recordTypeAlert, []byte{level, description})
}

// WritePlain sends a record without protection.
func (c *Conn) WritePlain(record []byte) { c.conn.Write(record) }

func (c *Conn) writeAs(kind recordType, content []byte) {
	c.out.Lock()
	defer c.out.Unlock()
	c.writeRecordLocked(kind, content)
	c.flush()
}

func (c *Conn) writeHandshakeRecord(msg handshakeMessage, transcript transcriptHash) (int, error) {
	c.out.Lock()
	defer c.out.Unlock()
	data, err := msg.marshal()
	if err != nil {
		return 0, err
	}
	data = append([]byte(nil), data...)
	send := func(kind recordType, content []byte) {
		if kind == recordTypeHandshake && transcript != nil {
			transcript.Write(content)
		}
		c.writeRecordLocked(kind, content)
	}
	m := c.misbehaviour
	if m == nil || m.Message != data[0] {
		send(recordTypeHandshake, data)
		return len(data), nil
	}
	argument, _ := hex.DecodeString(m.Argument)
	number, _ := strconv.Atoi(m.Argument)
	switch m.Action {
	case "drop":
		return 0, nil
	case "twice":
		send(recordTypeHandshake, data)
	case "before": // another message first
		send(recordTypeHandshake, argument)
	case "data": // application data first
		send(recordTypeApplicationData, argument)
	case "alert":
		send(recordTypeAlert, argument)
	case "ccs":
		send(recordTypeChangeCipherSpec, argument)
	case "replace": // the whole body
		data = frame(data[0], argument)
	case "append": // to the body, the length following
		data = frame(data[0], append(data[4:], argument...))
	case "cut": // bytes from the end of the body, the length following
		data = frame(data[0], data[4:len(data)-number])
	case "flip": // the bits of a byte of the body; negative from its end
		at := 4 + number
		if number < 0 {
			at = len(data) + number
		}
		data[at] ^= 0xff
	case "type":
		data[0] = byte(number)
	case "length": // a lie
		data[1], data[2], data[3] = byte(number>>16), byte(number>>8), byte(number)
	case "with": // more of the next message in the same record
		data = append(data, argument...)
	case "extension": // one more at the end of the list of ServerHello or EncryptedExtensions
		at := 4
		if data[0] == typeServerHello {
			at = 4 + 2 + 32 + 1 + int(data[38]) + 3
		}
		list := append(data[at+2:], argument...)
		body := append([]byte(nil), data[4:at]...)
		body = binary.BigEndian.AppendUint16(body, uint16(len(list)))
		data = frame(data[0], append(body, list...))
	case "silent": // correct, but the transcript never hears of it
		transcript = nil
	case "bytes": // correct, a byte a record
		for _, one := range data {
			send(recordTypeHandshake, []byte{one})
		}
		return len(data), nil
	}
	send(recordTypeHandshake, data)
	return len(data), nil
}

func frame(kind byte, body []byte) []byte {
	length := len(body)
	return append([]byte{kind, byte(length >> 16), byte(length >> 8), byte(length)}, body...)
}
