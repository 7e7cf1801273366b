"""gateway.toml and its environment overrides: schema, loading, checks, files that settings name."""
