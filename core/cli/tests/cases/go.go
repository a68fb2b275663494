package config

import (
	"encoding/json"
	"os"
)

type Config struct {
	Name  string
	Ports []int
}

func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		$0
	}
	var config Config
	if err := json.Unmarshal(data, &config); err != nil {
		return nil, err
	}
	return &config, nil
}
