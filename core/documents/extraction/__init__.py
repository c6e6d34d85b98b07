"""The limited process that opens strangers' documents: guards first, then one reader per format."""
