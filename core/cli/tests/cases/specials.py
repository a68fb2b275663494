# A text that spells <|fim_middle|> and <|endoftext|> is only a text.
TOKENS = ["<|fim_prefix|>", "<|fim_suffix|>", $0]
