#!/usr/bin/env bash
# Packages: github.com/IBM/sarama v1.61.1 and github.com/segmentio/kafka-go v0.4.51, Go.
#
# sarama's NewReferenceHashPartitioner and kafka-go's ReferenceHash do not do what the reference
# client (Java's) does: both hash by FNV-1a, Java by murmur2. So do the defaults of keyed records in
# sarama, while kafka-go's default ignores the key. Only the partitioners named murmur2 agree.
# kafka-go's two ways to make the same Writer also differ in acknowledgements: NewWriter asks for all,
# the struct, which its documentation recommends, for none.
#
# Expected: "reference" means the partitions of the reference client.
#
# Seen:
#   sarama default: 90 of 1000 keys where Java puts them
#   sarama reference: 84 of 1000 keys where Java puts them
#   sarama murmur2: 1000 of 1000 keys where Java puts them
#   kafka-go ReferenceHash: 84 of 1000 keys where Java puts them
#   kafka-go Murmur2Balancer: 1000 of 1000 keys where Java puts them
#   kafka-go acks: NewWriter all, Writer none
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
go mod init tried >/dev/null 2>&1
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/IBM/sarama"
	"github.com/segmentio/kafka-go"
)

// java is Utils.toPositive(Utils.murmur2(key)) % 12 of Kafka's client, written anew.
func java(key []byte) int {
	const m = 0x5bd1e995
	h := uint32(0x9747b28c) ^ uint32(len(key))
	whole := len(key) &^ 3
	for i := 0; i < whole; i += 4 {
		k := uint32(key[i]) | uint32(key[i+1])<<8 | uint32(key[i+2])<<16 | uint32(key[i+3])<<24
		k *= m
		k = (k ^ k>>24) * m
		h = h*m ^ k
	}
	for i := len(key) - 1; i >= whole; i-- {
		h ^= uint32(key[i]) << (8 * (i - whole))
	}
	if len(key) > whole {
		h *= m
	}
	h = (h ^ h>>13) * m
	return int((h^h>>15)&0x7fffffff) % 12
}

func main() {
	twelve := make([]int, 12)
	for i := range twelve {
		twelve[i] = i
	}
	bySarama := func(p sarama.Partitioner) func([]byte) int {
		return func(key []byte) int {
			chosen, err := p.Partition(&sarama.ProducerMessage{Key: sarama.ByteEncoder(key)}, 12)
			if err != nil {
				panic(err)
			}
			return int(chosen)
		}
	}
	byBalancer := func(b kafka.Balancer) func([]byte) int {
		return func(key []byte) int { return b.Balance(kafka.Message{Key: key}, twelve...) }
	}
	ok := true
	for _, one := range []struct {
		name   string
		choose func([]byte) int
		agrees bool
	}{
		{"sarama default", bySarama(sarama.NewConfig().Producer.Partitioner("t")), false},
		{"sarama reference", bySarama(sarama.NewReferenceHashPartitioner("t")), false},
		{"sarama murmur2", bySarama(sarama.NewMurmur2Partitioner("t")), true},
		{"kafka-go ReferenceHash", byBalancer(&kafka.ReferenceHash{}), false},
		{"kafka-go Murmur2Balancer", byBalancer(kafka.Murmur2Balancer{}), true},
	} {
		same := 0
		for i := 0; i < 1000; i++ {
			key := []byte(fmt.Sprintf("key-%d", i))
			if one.choose(key) == java(key) {
				same++
			}
		}
		fmt.Printf("%s: %d of 1000 keys where Java puts them\n", one.name, same)
		ok = ok && (same == 1000) == one.agrees && (one.agrees || same < 200)
	}
	made := kafka.NewWriter(kafka.WriterConfig{Brokers: []string{"127.0.0.1:1"}, Topic: "t"})
	plain := &kafka.Writer{Addr: kafka.TCP("127.0.0.1:1"), Topic: "t"}
	fmt.Printf("kafka-go acks: NewWriter %v, Writer %v\n", made.RequiredAcks, plain.RequiredAcks)
	ok = ok && made.RequiredAcks == kafka.RequireAll && plain.RequiredAcks == kafka.RequireNone
	if !ok {
		os.Exit(1)
	}
}
GO
go get github.com/IBM/sarama@v1.61.1 github.com/segmentio/kafka-go@v0.4.51 >get.log 2>&1
go run -p 1 .
