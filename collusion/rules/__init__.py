"""Pure rules of the watchman: reading documents, comparing text and prices, weighing and joining evidence."""
