"""The machine-readable interface: operations as marks on views, their OpenAPI document, cursors, kinds of fields."""
