"""The contract between Jangbu and the marketplaces: manifest, capabilities, records, HTTP. The only stable API."""
