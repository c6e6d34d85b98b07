"""Opening: the closing barrier, names, decryption, reading of prices, and the opening record."""
